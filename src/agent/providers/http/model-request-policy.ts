import type { ProviderRetryTimeFields } from '../dialect.ts'
import type { ProviderRequestPriority, ProviderRequestQueue } from './provider-request-queue.ts'

/** When the requests to a model are sent, sent again and given up. Times are in milliseconds. */
export interface ModelRequestPolicy {
  /** A response that brings nothing new for this long has failed, even if its connection is alive. */
  readonly progressTimeoutMs: number
  /** How long one step waits in total because its provider asks it to. */
  readonly maxRetryWaitMs: number
  /** How the provider says when to retry. */
  readonly retryRules: ProviderRetryTimeFields
  /** All requests to the models of the provider. */
  readonly queue: ProviderRequestQueue
  readonly priority: ProviderRequestPriority
}
