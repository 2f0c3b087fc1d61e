import type { AgentEvent, AgentRun } from '../agent.ts'
import { estimateJsonTokens } from '../estimate-tokens.ts'
import type { ProviderToolLimits } from '../providers/dialect.ts'
import { AdjustableRequestRejectionError } from '../providers/errors/provider-request-rejection.ts'
import { prependToolNotes } from '../tools/prepend-tool-notes.ts'
import type { Toolbox } from '../tools/toolbox.ts'
import { composeToolSet, describeOmittedTools } from './compose-tool-set.ts'
import type { ComposedRequest } from './adaptation/composed-request.ts'
import { RequestAdaptation } from './adaptation/request-adaptation.ts'
import { toolMessagesToText } from './adaptation/tool-messages-to-text.ts'
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

/**
 * Sends the requests of one answer. If the provider refuses one because of its tools or its length, sends it again without
 * tools, or with a shorter context; the later requests of the answer stay like that.
 */
export class ModelStepRequester {
  readonly #options: ModelStepRequesterOptions
  readonly #run: AgentRun
  readonly #adaptation: RequestAdaptation

  constructor(options: ModelStepRequesterOptions, run: AgentRun) {
    this.#options = options
    this.#run = run
    this.#adaptation = new RequestAdaptation(run, options.observer)
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
        if (!(await this.#adaptation.adaptTo(error.refusal, { messages, tools, ...tokens }))) throw error
      }
    }
  }

  async #composeRequest(): Promise<ComposedRequest> {
    const { toolbox, toolLimits, observer } = this.#options
    if (!toolbox || !this.#adaptation.offersTools) {
      const history = await this.#run.loadHistory(this.#adaptation.createHistoryRequest(0))
      const messages = toolbox ? toolMessagesToText(history) : history
      return { messages, tools: {}, messageTokens: estimateJsonTokens(messages), toolTokens: 0 }
    }
    const { tools: available, notes } = await toolbox.listTools()
    const { tools, omittedNames } = composeToolSet(available, {
      limits: toolLimits,
      offersClarify: toolbox.offersClarify,
    })
    observer?.reportOmittedTools(omittedNames)
    const toolTokens = estimateJsonTokens(tools)
    const history = await this.#run.loadHistory(this.#adaptation.createHistoryRequest(toolTokens))
    const messages = prependToolNotes(history, [...notes, ...describeOmittedTools(omittedNames)])
    return {
      messages,
      tools,
      messageTokens: estimateJsonTokens(messages),
      toolTokens,
    }
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
