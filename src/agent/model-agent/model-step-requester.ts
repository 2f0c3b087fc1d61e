import { type Effort, selectEffort } from '../../model/answer-settings/effort.ts'
import type { ReportedUsage } from '../../model/usage.ts'
import type { AgentError, AgentEvent, AgentRun } from '../agent.ts'
import { AdjustableRequestRejectionError } from '../providers/errors/provider-request-rejection.ts'
import { unscaledTokenCounter } from '../tokens/token-counter.ts'
import { type ComposedRequest, countRequestTokens, hasFiles } from './adaptation/composed-request.ts'
import { RequestAdaptation } from './adaptation/request-adaptation.ts'
import { computeOutputLimit } from '../tokens/output-limit.ts'
import { RequestComposer, type RequestComposerOptions } from './request-composer.ts'
import { type ModelStepRequest, requestModelStep } from './request-model-step.ts'
import type { ModelStepResult } from './stream-parts/stream-part-mapper.ts'

export type ModelStepRequesterOptions = RequestComposerOptions &
  Pick<ModelStepRequest, 'model' | 'secrets' | 'requestPolicy' | 'thoughtMemory'> & {
    /** The model's, for the input and the answer, in tokens. It may be infinite. */
    readonly contextWindow: number
    /** Whether each request says how long its answer may be, as in Anthropic's format. */
    readonly statesOutputLimit: boolean
    /** The efforts that the model takes, as far as it is known now, least first. */
    readonly listEfforts: () => readonly Effort[]
  }

/** A request, with the longest answer that it asks for, in tokens. Undefined: what the SDK asks for. */
interface SizedRequest extends ComposedRequest {
  readonly maxOutputTokens: number | undefined
}

/**
 * Sends the requests of one answer. If the provider refuses one because of what it contains or its length, sends it again
 * without that, or with a shorter context; the later requests of the answer stay like that.
 */
export class ModelStepRequester {
  readonly #options: ModelStepRequesterOptions
  readonly #run: AgentRun
  readonly #adaptation: RequestAdaptation
  readonly #composer: RequestComposer

  constructor(options: ModelStepRequesterOptions, run: AgentRun) {
    const { observer, contextWindow, tokenCounter, toolbox, listEfforts } = options
    const effort = selectEffort(run.effort, listEfforts())
    this.#options = options
    this.#run = run
    // Requests for a summary become smaller by themselves: they tell less about the window than those of answers.
    const reportsAssumptions = toolbox !== undefined
    this.#adaptation = new RequestAdaptation({ observer, effort, contextWindow, tokenCounter, reportsAssumptions })
    this.#composer = new RequestComposer(options, run, this.#adaptation)
  }

  /** Yields the events of one step. `step` is its number within the answer. Throws an AgentError. */
  async *request(step: number, allowsToolCalls: boolean): AsyncGenerator<AgentEvent, ModelStepResult> {
    const { model, secrets, requestPolicy, thoughtMemory, observer } = this.#options
    let firstRefusal: AdjustableRequestRejectionError | null = null
    let refusedForLength: { readonly error: AgentError; readonly request: SizedRequest } | null = null
    for (let isFirst = true; ; isFirst = false) {
      const composed = await this.#composer.compose()
      const { messages, tools, effort } = composed
      const estimatedInputTokens = countRequestTokens(composed)
      const maxOutputTokens = this.#computeOutputLimit(estimatedInputTokens)
      const sized = { ...composed, maxOutputTokens }
      if (refusedForLength && !isShorter(sized, refusedForLength.request)) throw refusedForLength.error
      yield { type: 'step', estimatedInputTokens, ...(!isFirst && { replacesRefused: true }) }
      let hasOutput = false
      const onEvent = (event: AgentEvent): void => {
        if (event.type === 'usage') this.#reportTokens(composed, event.usage)
        if (hasOutput || !isOutput(event.type)) return
        hasOutput = true
        this.#adaptation.onAccepted(composed)
      }
      const request = {
        model,
        secrets,
        requestPolicy,
        thoughtMemory,
        messages,
        tools,
        effort,
        allowsToolCalls,
        maxOutputTokens,
        step,
        run: this.#run,
        onEvent,
      }
      try {
        const result = yield* requestModelStep(request)
        if (result.calls.length > 0 && Object.keys(tools).length > 0) observer?.reportToolSupport(true)
        return result
      } catch (error) {
        if (!(error instanceof AdjustableRequestRejectionError)) throw error
        if (hasOutput) {
          // What was said stays, so nothing is sent again. The next message has a context that fits.
          if (error.refusal.type === 'context-length') this.#adaptation.adaptTo(error.refusal, composed)
          throw error
        }
        // If nothing helps, the first error tells most: the later ones are about requests that were changed in vain.
        if (firstRefusal?.refusal.type !== error.refusal.type) firstRefusal = error
        if (!this.#adaptation.adaptTo(error.refusal, composed)) throw firstRefusal
        refusedForLength = error.refusal.type === 'context-length' ? { error, request: sized } : null
      }
    }
  }

  #computeOutputLimit(inputTokens: number): number | undefined {
    const { statesOutputLimit, maxOutputTokens } = this.#options
    if (!statesOutputLimit) return undefined
    const { contextWindow } = this.#adaptation
    return computeOutputLimit({ contextWindow, maxOutputTokens, inputTokens, model: this.#run.model })
  }

  #reportTokens(request: ComposedRequest, { inputTokens }: ReportedUsage): void {
    const contextSize = this.#options.observer?.contextSize
    contextSize?.reportAcceptedTokens(countRequestTokens(request))
    if (inputTokens === null || hasFiles(request.messages)) return
    const estimatedTokens = countRequestTokens(request) / request.tokenScale
    contextSize?.reportTokenCount({ estimatedTokens, countedTokens: inputTokens, isRefused: false })
  }
}

/** Whether something is left out, or a shorter answer is asked for. Without the scales: counts are rounded with them. */
function isShorter(request: SizedRequest, other: SizedRequest): boolean {
  const measures: ((request: SizedRequest) => number)[] = [
    ({ tools }) => Object.keys(tools).length,
    ({ messages }) => unscaledTokenCounter.countMessages(messages),
    ({ maxOutputTokens }) => maxOutputTokens ?? Number.POSITIVE_INFINITY,
  ]
  return measures.some((measure) => measure(request) < measure(other))
}

function isOutput(type: AgentEvent['type']): boolean {
  return type === 'text' || type === 'reasoning' || type === 'file' || type === 'tool-input' || type === 'usage'
}
