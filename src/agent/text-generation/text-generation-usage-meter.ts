import { addUsage, fillMissingUsage, noUsage, type ReportedUsage, type Usage } from '../../model/usage.ts'
import { addRequestCost, type ModelPricing } from '../../usage/model-prices.ts'
import type { AgentEvent } from '../agent.ts'
import { estimateTokensOfLength } from '../tokens/estimate-tokens-of-length.ts'

const nothingReported: ReportedUsage = { ...noUsage, inputTokens: null, outputTokens: null }

/** Adds up the usage and the costs of the requests for one text. What a provider does not report is estimated: it is charged all the same. */
export class TextGenerationUsageMeter {
  readonly #pricing: ModelPricing
  #usage: Usage = noUsage
  /** The request in progress: its estimated input tokens, and the length of what came back. */
  #request: { readonly inputTokens: number; codeUnits: number } | null = null

  constructor(pricing: ModelPricing) {
    this.#pricing = pricing
  }

  /** Counts an event of a request. They come in order. */
  add(event: AgentEvent): void {
    if (event.type === 'step') {
      if (!event.replacesRefused) this.#endRequest(nothingReported)
      this.#request = { inputTokens: event.estimatedInputTokens, codeUnits: 0 }
    } else if (event.type === 'usage') this.#endRequest(event.usage)
    else if ('text' in event && this.#request) this.#request.codeUnits += event.text.length
  }

  /** What the request in progress has used so far, as an estimate; null if none is in progress. */
  estimateOpenRequest(): Usage | null {
    if (!this.#request) return null
    const { inputTokens, codeUnits } = this.#request
    return { ...noUsage, estimated: true, inputTokens, outputTokens: estimateTokensOfLength(codeUnits) }
  }

  /** What the request in progress has used, with estimates of what the provider did not report. */
  fillMissing(reported: ReportedUsage): Usage & Pick<ReportedUsage, 'reportedCost'> {
    const { reportedCost } = reported
    const usage = fillMissingUsage(reported, this.estimateOpenRequest() ?? noUsage)
    return { ...usage, ...(reportedCost !== undefined && { reportedCost }) }
  }

  /** The usage of all requests. Ends the one in progress. */
  finish(): Usage {
    this.#endRequest(nothingReported)
    return this.#usage
  }

  #endRequest(reported: ReportedUsage): void {
    if (!this.#request && reported === nothingReported) return
    const { reportedCost, ...usage } = this.fillMissing(reported)
    this.#usage = addUsage(this.#usage, addRequestCost(usage, reportedCost, this.#pricing))
    this.#request = null
  }
}
