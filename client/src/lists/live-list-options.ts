import type { RequestSender } from '../http/request-sender.ts'
import type { SubscriberOptions } from '../subscription/subscribe-with-retry.ts'

/** What a live list needs of its client. */
export interface LiveListOptions {
  readonly subscriber: SubscriberOptions
  readonly requests: RequestSender
  /** Aborted when the client is closed. */
  readonly closing: AbortSignal
}
