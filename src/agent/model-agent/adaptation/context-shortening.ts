import type { AgentRun } from '../../agent.ts'
import { estimateJsonTokens } from '../../estimate-tokens.ts'
import type { ContextLengthRejection } from '../../providers/errors/provider-request-rejection.ts'
import type { ModelObserver } from '../model-observer.ts'
import type { ComposedRequest } from './composed-request.ts'

/** How often the context of one answer is shortened. The provider's tokens are not those of the estimate. */
const maxShortenings = 3
/** The share of a refused context that is tried next, if the provider did not say how much it takes. */
const nextContextFraction = 0.8

/** How long the context of one answer may be, as far as refusals have shown. */
export class ContextShortening {
  readonly #run: AgentRun
  readonly #observer: ModelObserver | undefined
  /** In tokens as `estimateTokens` counts them; null: that of the model. */
  #contextWindow: number | null = null
  #count = 0

  constructor(run: AgentRun, observer: ModelObserver | undefined) {
    this.#run = run
    this.#observer = observer
  }

  /** In tokens as `estimateTokens` counts them; null: that of the model. */
  get contextWindow(): number | null {
    return this.#contextWindow
  }

  /** Shortens the context of the next requests. Returns false if it cannot be shortened any more. */
  async adaptTo({ contextWindow, inputTokens }: ContextLengthRejection, refused: ComposedRequest): Promise<boolean> {
    if (contextWindow !== null) this.#observer?.reportContextWindow(contextWindow)
    this.#count += 1
    if (this.#count > maxShortenings) return false
    const { messageTokens, toolTokens } = refused
    const sentTokens = messageTokens + toolTokens
    // The provider may count more tokens than the estimate did.
    const estimatedShare = inputTokens === null ? 1 : Math.min(1, sentTokens / inputTokens)
    const window = (contextWindow ?? sentTokens) * estimatedShare
    this.#contextWindow = Math.floor(Math.min(window, sentTokens * nextContextFraction))
    if (this.#contextWindow <= 0) return false
    const history = await this.#run.loadHistory({ reservedTokens: toolTokens, contextWindow: this.#contextWindow })
    return estimateJsonTokens(history) < messageTokens
  }
}
