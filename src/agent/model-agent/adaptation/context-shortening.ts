import { minContextWindow } from '../../../config/profile/provider.ts'
import type { ContextLengthRejection } from '../../providers/errors/provider-request-rejection.ts'
import type { TokenCounter } from '../../tokens/token-counter.ts'
import type { ContextSizeObserver } from '../context-size-observer.ts'
import { type ComposedRequest, countRequestTokens, hasFiles } from './composed-request.ts'

export interface ContextShorteningOptions {
  readonly observer?: ContextSizeObserver
  /** The model's, in tokens. It may be infinite. */
  readonly contextWindow: number
  readonly tokenCounter: TokenCounter
  /** Whether the window that is assumed after a refusal is reported. */
  readonly reportsAssumptions: boolean
}

/** How often the context of one answer is shortened. */
const maxShortenings = 6
/** What is tried first if the provider did not say how much it takes, as a share of what it refused; then half of that. */
const firstWindowShare = 0.8
const nextWindowShare = 0.5
/** Estimates are not that far off: a request that is so much shorter than the window was refused for something else. */
const maxUnderestimate = 4

/** How long the requests of one answer may be, as far as refusals have shown. */
export class ContextShortening {
  readonly #options: ContextShorteningOptions
  /** What refusals have shown. */
  #shownWindow: number | null = null
  #count = 0
  #hasGuessed = false

  constructor(options: ContextShorteningOptions) {
    this.#options = options
  }

  /** The window of the next requests, in tokens as they are counted for the model. */
  get contextWindow(): number {
    return this.#shownWindow ?? this.#options.contextWindow
  }

  /** The same if a refusal has shown it. Null: it is the model's. */
  get shownContextWindow(): number | null {
    return this.#shownWindow
  }

  /**
   * Shortens the context of the next requests, and has what the refusal shows remembered. Returns false if that has been done
   * often enough.
   */
  adaptTo({ contextWindow: named, inputTokens }: ContextLengthRejection, refused: ComposedRequest): boolean {
    this.#count += 1
    if (this.#count > maxShortenings) return false
    const { observer, tokenCounter } = this.#options
    const current = this.contextWindow
    if (named !== null) observer?.reportContextWindow(named)
    const estimatedTokens = countRequestTokens(refused) / refused.tokenScale
    const countedTokens = inputTokens ?? findLeastTokens(named, estimatedTokens)
    if (countedTokens !== null && !hasFiles(refused.messages))
      observer?.reportTokenCount({ estimatedTokens, countedTokens, isRefused: true })
    if (named !== null && named < current) this.#shownWindow = named
    // If the window was known, too few tokens were counted. That is corrected now.
    else if (tokenCounter.scale > refused.tokenScale) this.#shownWindow = current
    else {
      this.#guessWindow(estimatedTokens * tokenCounter.scale)
      // If the input fits the window that is named, only the answer that was asked for does not.
      const fitsWindow = named !== null && inputTokens !== null && inputTokens < named
      if (!fitsWindow) this.#reportGuess()
    }
    return true
  }

  #guessWindow(refusedTokens: number): void {
    const first = refusedTokens * firstWindowShare
    const next = (this.#shownWindow ?? Number.POSITIVE_INFINITY) * nextWindowShare
    this.#shownWindow = Math.floor(this.#hasGuessed ? Math.min(first, next) : first)
    this.#hasGuessed = true
  }

  #reportGuess(): void {
    const { observer, reportsAssumptions } = this.#options
    const window = this.#shownWindow ?? 0
    if (reportsAssumptions && window >= minContextWindow) observer?.reportAssumedContextWindow(window)
  }
}

/** A request that was refused has more tokens than the window. */
function findLeastTokens(contextWindow: number | null, estimatedTokens: number): number | null {
  return contextWindow !== null && contextWindow <= estimatedTokens * maxUnderestimate ? contextWindow : null
}
