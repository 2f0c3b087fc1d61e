import type { ModelMessage, ToolSet } from 'ai'
import type { AgentEvent, AgentRun } from '../agent.ts'
import { estimateJsonTokens } from '../estimate-tokens.ts'
import type { ProviderToolLimits } from '../providers/dialect.ts'
import {
  type ContextLengthRejection,
  AdjustableRequestRejectionError,
  type ProviderRequestRejection,
} from '../providers/errors/provider-request-rejection.ts'
import { prependToolNotes } from '../tools/prepend-tool-notes.ts'
import type { Toolbox } from '../tools/toolbox.ts'
import { composeToolSet, describeOmittedTools } from './compose-tool-set.ts'
import { toolMessagesToText } from './tool-messages-to-text.ts'
import type { ModelObserver } from './model-observer.ts'
import { type ModelStepRequest, requestModelStep } from './request-model-step.ts'
import type { ModelStepResult } from './stream-part-mapper.ts'

export interface ModelStepRequesterOptions extends Pick<
  ModelStepRequest,
  'model' | 'secrets' | 'requestPolicy' | 'thoughtMemory'
> {
  /** The tools that the model is offered; without a toolbox, none. */
  readonly toolbox?: Toolbox
  readonly toolLimits: ProviderToolLimits
  readonly observer?: ModelObserver
}

interface ComposedRequest {
  readonly messages: readonly ModelMessage[]
  readonly tools: ToolSet
  readonly messageTokens: number
  readonly toolTokens: number
}

/** How often the context of one answer is shortened. The provider's tokens are not those of the estimate. */
const maxShortenings = 3
/** The share of a refused context that is tried next, if the provider did not say how much it takes. */
const nextContextFraction = 0.8

/**
 * Sends the requests of one answer. If the provider refuses one because of its tools or its length, sends it again without
 * tools, or with a shorter context; the later requests of the answer stay like that.
 */
export class ModelStepRequester {
  readonly #options: ModelStepRequesterOptions
  readonly #run: AgentRun
  #offersTools: boolean
  /** In tokens as `estimateTokens` counts them; null: that of the model. */
  #contextWindow: number | null = null
  #shorteningCount = 0

  constructor(options: ModelStepRequesterOptions, run: AgentRun) {
    this.#options = options
    this.#run = run
    this.#offersTools = options.observer?.offersTools ?? true
  }

  /** Yields the events of one step. `step` is its number within the answer. Throws an AgentError. */
  async *request(step: number, allowsToolCalls: boolean): AsyncGenerator<AgentEvent, ModelStepResult> {
    const { model, secrets, requestPolicy, thoughtMemory, observer } = this.#options
    for (let isFirst = true; ; isFirst = false) {
      const { messages, tools, ...tokens } = await this.#composeRequest()
      const estimatedInputTokens = tokens.messageTokens + tokens.toolTokens
      yield { type: 'step', estimatedInputTokens, ...(!isFirst && { replacesRefused: true }) }
      const request = {
        model,
        secrets,
        requestPolicy,
        thoughtMemory,
        messages,
        tools,
        allowsToolCalls,
        step,
        run: this.#run,
      }
      let hasOutput = false
      try {
        const result = yield* observeYields(requestModelStep(request), ({ type }) => (hasOutput ||= isOutput(type)))
        if (result.calls.length > 0 && Object.keys(tools).length > 0) observer?.reportToolSupport(true)
        return result
      } catch (error) {
        if (hasOutput || !(error instanceof AdjustableRequestRejectionError)) throw error
        if (!(await this.#adaptTo(error.refusal, { messages, tools, ...tokens }))) throw error
      }
    }
  }

  async #composeRequest(): Promise<ComposedRequest> {
    const { toolbox, toolLimits, observer } = this.#options
    const history = await this.#run.loadHistory(this.#contextWindow ?? undefined)
    if (!toolbox || !this.#offersTools) {
      const messages = toolbox ? toolMessagesToText(history) : history
      return { messages, tools: {}, messageTokens: estimateJsonTokens(messages), toolTokens: 0 }
    }
    const { tools: available, notes } = await toolbox.listTools()
    const { tools, omittedNames } = composeToolSet(available, {
      limits: toolLimits,
      offersClarify: toolbox.offersClarify,
    })
    observer?.reportOmittedTools(omittedNames)
    const messages = prependToolNotes(history, [...notes, ...describeOmittedTools(omittedNames)])
    return {
      messages,
      tools,
      messageTokens: estimateJsonTokens(messages),
      toolTokens: estimateJsonTokens(tools),
    }
  }

  /** Changes what the next requests contain. Returns false if nothing can be changed: the refusal is final. */
  async #adaptTo(refusal: ProviderRequestRejection, refused: ComposedRequest): Promise<boolean> {
    if (refusal.type === 'context-length') return this.#shortenContext(refusal, refused)
    if (Object.keys(refused.tools).length === 0) return false
    this.#options.observer?.reportToolSupport(false)
    this.#offersTools = false
    return true
  }

  async #shortenContext(refusal: ContextLengthRejection, refused: ComposedRequest): Promise<boolean> {
    const { contextWindow, inputTokens } = refusal
    if (contextWindow !== null) this.#options.observer?.reportContextWindow(contextWindow)
    this.#shorteningCount += 1
    if (this.#shorteningCount > maxShortenings) return false
    const { messageTokens, toolTokens } = refused
    const sentTokens = messageTokens + toolTokens
    // The provider may count more tokens than the estimate did.
    const estimatedShare = inputTokens === null ? 1 : Math.min(1, sentTokens / inputTokens)
    const windowForMessages = (contextWindow ?? sentTokens) * estimatedShare - toolTokens
    this.#contextWindow = Math.floor(Math.min(windowForMessages, messageTokens * nextContextFraction))
    if (this.#contextWindow <= 0) return false
    const history = await this.#run.loadHistory(this.#contextWindow)
    return estimateJsonTokens(history) < messageTokens
  }
}

/** Passes an iterator on, and calls `onYield` for each value. */
async function* observeYields<T, Result>(
  iterator: AsyncIterator<T, Result, void>,
  onYield: (value: T) => void,
): AsyncGenerator<T, Result, void> {
  try {
    for (;;) {
      const next = await iterator.next()
      if (next.done) return next.value
      onYield(next.value)
      yield next.value
    }
  } finally {
    // If the consumer stops early, so does the request.
    await iterator.return?.()
  }
}

function isOutput(type: AgentEvent['type']): boolean {
  return type === 'text' || type === 'reasoning' || type === 'file' || type === 'tool-input' || type === 'usage'
}
