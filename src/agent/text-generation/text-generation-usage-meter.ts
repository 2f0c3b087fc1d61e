import { addUsage, fillMissingUsage, noUsage, type ReportedUsage, type Usage } from '../../model/usage.ts'
import type { AgentEvent } from '../agent.ts'
import { estimateTokens } from '../estimate-tokens.ts'

const nothingReported: ReportedUsage = { ...noUsage, inputTokens: null, outputTokens: null }

/** Adds up the usage of the requests for one text. What a provider does not report is estimated: it is charged all the same. */
export class TextGenerationUsageMeter {
  #usage: Usage = noUsage
  /** The request in progress: its estimated input tokens, and the length of what came back. */
  #request: { readonly inputTokens: number; codeUnits: number } | null = null

  add(event: AgentEvent): void {
    if (event.type === 'step') {
      if (!event.replacesRefused) this.#endRequest(nothingReported)
      this.#request = { inputTokens: event.estimatedInputTokens, codeUnits: 0 }
    } else if (event.type === 'usage') this.#endRequest(event.usage)
    else if ('text' in event && this.#request) this.#request.codeUnits += event.text.length
  }

  /** The usage of all requests. Ends the one in progress. */
  finish(): Usage {
    this.#endRequest(nothingReported)
    return this.#usage
  }

  #endRequest(reported: ReportedUsage): void {
    if (!this.#request && reported === nothingReported) return
    const { inputTokens, codeUnits } = this.#request ?? { inputTokens: 0, codeUnits: 0 }
    const estimate = { ...noUsage, inputTokens, outputTokens: estimateTokens(codeUnits) }
    this.#usage = addUsage(this.#usage, fillMissingUsage(reported, estimate))
    this.#request = null
  }
}
