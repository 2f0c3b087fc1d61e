import { isRetryableProviderError } from '../providers/errors/classify-provider-error.ts'
import type { ModelRequestPolicy } from '../providers/http/model-request-policy.ts'
import { readProviderRetryTime } from '../providers/http/read-provider-retry-time.ts'

/** When a failed request is sent again. */
export interface ModelRequestRetry {
  readonly delayMs: number
  /** When the provider wants to be asked again, in epoch milliseconds. Null if it did not say. */
  readonly retryAt: number | null
}

type RetryPolicyOptions = Pick<ModelRequestPolicy, 'retryRules' | 'maxRetryWaitMs'>

/** Delays before the retries of errors that do not say when to retry, in milliseconds. */
const quickDelaysMs = [250, 1000]
/** No such retry begins later than this after the first of these errors. */
const maxQuickPeriodMs = 5000
/** The longest delay that a provider gets although it asks to be asked again at once. */
const maxMinimumDelayMs = 8000

/**
 * Decides whether and when the request of one step is sent again. A transient error is retried twice within five seconds.
 * If the provider says when to retry, that time counts instead, as long as all these waits together are not too long.
 */
export class ModelRequestRetryPolicy {
  readonly #options: RetryPolicyOptions
  #quickRetries = 0
  #quickSince = performance.now()
  #requestedWaits = 0
  #requestedWaitMs = 0

  constructor(options: RetryPolicyOptions) {
    this.#options = options
  }

  /** Returns null if the request is not to be sent again. */
  planRetry(error: unknown): ModelRequestRetry | null {
    if (!isRetryableProviderError(error)) return null
    const retryAt = this.findRetryTime(error)
    return retryAt === null ? this.#planQuickRetry() : this.#planRequestedRetry(retryAt)
  }

  /** When the provider wants to be asked again, in epoch milliseconds. Null if it did not say. */
  findRetryTime(error: unknown): number | null {
    return readProviderRetryTime(error, this.#options.retryRules, Date.now())
  }

  #planQuickRetry(): ModelRequestRetry | null {
    const delayMs = quickDelaysMs[this.#quickRetries]
    if (delayMs === undefined || performance.now() - this.#quickSince + delayMs > maxQuickPeriodMs) return null
    this.#quickRetries += 1
    return { delayMs, retryAt: null }
  }

  #planRequestedRetry(retryAt: number): ModelRequestRetry | null {
    // The provider may ask for no wait again and again.
    const minDelayMs = Math.min(250 * 2 ** this.#requestedWaits, maxMinimumDelayMs)
    const delayMs = Math.max(retryAt - Date.now(), minDelayMs)
    if (this.#requestedWaitMs + delayMs > this.#options.maxRetryWaitMs) return null
    this.#requestedWaits += 1
    this.#requestedWaitMs += delayMs
    this.#quickRetries = 0
    this.#quickSince = performance.now() + delayMs
    return { delayMs, retryAt: Date.now() + delayMs }
  }
}
