import type { ModelMessage } from 'ai'
import type { AgentRun } from '../agent.ts'
import type { ProviderToolLimits } from '../providers/dialect.ts'
import { systemMessageToUser } from '../providers/requests/system-message-to-user.ts'
import { computeInputBudget } from '../tokens/input-budget.ts'
import type { TokenCounter } from '../tokens/token-counter.ts'
import { prependToolNotes } from '../tools/prepend-tool-notes.ts'
import type { AvailableToolsWithNotes } from '../tools/tool-source.ts'
import type { Toolbox } from '../tools/toolbox.ts'
import type { ComposedRequest } from './adaptation/composed-request.ts'
import type { RequestAdaptation } from './adaptation/request-adaptation.ts'
import { toolMessagesToText } from '../tool-messages-to-text.ts'
import { composeRequestTools, maxToolShare, type RequestTools } from './compose-tool-set.ts'
import type { ModelObserver } from './model-observer.ts'

export interface RequestComposerOptions {
  /** The tools that the model is offered; without a toolbox, none. */
  readonly toolbox?: Toolbox
  readonly toolLimits: ProviderToolLimits
  readonly observer?: ModelObserver
  /** The longest answer, in tokens. Null: not known. */
  readonly maxOutputTokens: number | null
  readonly tokenCounter: TokenCounter
}

/** Composes the requests of one answer from its history and the tools, so that they fit the model's context window. */
export class RequestComposer {
  readonly #options: RequestComposerOptions
  readonly #run: AgentRun
  readonly #adaptation: RequestAdaptation

  constructor(options: RequestComposerOptions, run: AgentRun, adaptation: RequestAdaptation) {
    this.#options = options
    this.#run = run
    this.#adaptation = adaptation
  }

  /** Composes the next request. Rejects with an AgentError if the user's message alone is too long. */
  async compose(): Promise<ComposedRequest> {
    const { toolbox, observer, tokenCounter } = this.#options
    if (!toolbox || !this.#adaptation.offersTools) {
      const history = await this.#loadHistory(0)
      return this.#toRequest(toolbox ? toolMessagesToText(history) : history, null)
    }
    const available = await toolbox.listTools()
    const budgetTokens = this.#computeBudget()
    const usual = this.#composeTools(toolbox, available, budgetTokens * maxToolShare)
    const history = await this.#loadHistory(usual.reservedTokens)
    const excessTokens = usual.reservedTokens + tokenCounter.countMessages(history) - budgetTokens
    // The history is as short as it gets: the newest message takes more than the usual tools leave.
    const tools = excessTokens > 0 ? this.#composeTools(toolbox, available, usual.reservedTokens - excessTokens) : usual
    observer?.reportOmittedTools(tools.omittedNames)
    const hasTools = Object.keys(tools.tools).length > 0
    return this.#toRequest(prependToolNotes(hasTools ? history : toolMessagesToText(history), tools.notes), tools)
  }

  #loadHistory(reservedTokens: number): Promise<readonly ModelMessage[]> {
    const { toolbox, observer } = this.#options
    // An agent without tools writes titles and summaries, no answers.
    if (toolbox) observer?.contextSize.reportReservedTokens(reservedTokens)
    return this.#run.loadHistory(this.#adaptation.createHistoryRequest(reservedTokens))
  }

  #computeBudget(): number {
    const { contextWindow } = this.#adaptation
    return computeInputBudget({ contextWindow, maxOutputTokens: this.#options.maxOutputTokens })
  }

  #composeTools(toolbox: Toolbox, available: AvailableToolsWithNotes, maxTokens: number): RequestTools {
    const { toolLimits: limits, tokenCounter: counter } = this.#options
    const { offersClarify } = toolbox
    return composeRequestTools(available, { limits, offersClarify, counter, maxTokens })
  }

  #toRequest(composed: readonly ModelMessage[], tools: RequestTools | null): ComposedRequest {
    const messages = this.#adaptation.offersSystemMessages ? composed : systemMessageToUser(composed)
    return {
      messages,
      tools: tools?.tools ?? {},
      effort: this.#adaptation.effort,
      messageTokens: this.#options.tokenCounter.countMessages(messages),
      toolTokens: tools?.tokens ?? 0,
      tokenScale: this.#options.tokenCounter.scale,
    }
  }
}
