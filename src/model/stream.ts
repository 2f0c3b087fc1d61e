import type { Usage } from './usage.ts'

export type StreamStatus = 'QUEUED' | 'RUNNING' | 'WAITING' | 'COMPLETED' | 'CANCELLED' | 'FAILED' | 'INTERRUPTED'

export type StreamErrorCode =
  | 'QUOTA'
  | 'RATE_LIMIT'
  | 'AUTH'
  | 'MODEL_NOT_FOUND'
  | 'CONTEXT_LENGTH'
  | 'NO_RESPONSE'
  | 'TIMEOUT'
  | 'PROVIDER'
  | 'STORAGE'
  | 'SERVER_RESTART'

/**
 * Why the model stopped, in the last step of a stream. TOOL_CALLS: the step calls tools. LENGTH: the limit of its output or
 * of the context is reached. CONTENT_FILTER: the provider cut the answer. REFUSAL: the model declined. BUDGET: a budget was
 * used up; the last step had no tools and sums up.
 */
export const finishReasons = ['STOP', 'TOOL_CALLS', 'LENGTH', 'CONTENT_FILTER', 'REFUSAL', 'BUDGET', 'OTHER'] as const

export type FinishReason = (typeof finishReasons)[number]

/** One answer being produced, from the user's message to its end. Times are in epoch milliseconds. */
export interface StreamRecord {
  readonly id: string
  readonly sessionId: string
  readonly status: StreamStatus
  /** The fencing token: the end of the stream raises it, and writes with an older one are refused. */
  readonly generation: number
  readonly model: string
  /** The effort that the model is asked for. Left out: its own default. */
  readonly effort?: string
  readonly userMessageId: string
  /** The id of the answer; null until something is produced. */
  readonly messageId: string | null
  /** The total of all steps that have ended. A step is one request to the model. */
  readonly usage: Usage
  /**
   * The step in progress: its estimated input tokens, and the length of what the answer held before it, in UTF-16 code
   * units.
   */
  readonly step: { readonly inputTokens: number; readonly producedBefore: number } | null
  readonly startedAt: number
  readonly finishedAt: number | null
  /** Set if the status is COMPLETED. Streams that were stored by version 0.1 have none. */
  readonly finishReason?: FinishReason
  /** Set while the stream waits because its provider asked to be asked again at this time. */
  readonly retryAt?: number
  /** The seq of its StreamStarted event. */
  readonly firstSeq: number
  /** The seq of its newest event. */
  readonly lastSeq: number
  readonly error: StreamFailure | null
}

/** Why a stream failed or was interrupted. */
export interface StreamFailure {
  readonly code: StreamErrorCode
  readonly message: string
  /** When the provider can be asked again. Left out if it is not known. */
  readonly retryAt?: number
}

/** The stream with another `retryAt`; null: it waits no more. */
export function replaceStreamRetryTime(stream: StreamRecord, retryAt: number | null): StreamRecord {
  const { retryAt: _, ...others } = stream
  return retryAt === null ? others : { ...others, retryAt }
}

/** Whether a stream failed because its context is longer than the model takes. */
export function streamExceededContextWindow({ status, error }: StreamRecord): boolean {
  return status === 'FAILED' && error?.code === 'CONTEXT_LENGTH'
}

/** Whether a stream has ended with the whole answer. A model that was cut off, or declined, has not given it. */
export function hasWholeAnswer({
  status,
  finishReason = 'STOP',
}: Pick<StreamRecord, 'status' | 'finishReason'>): boolean {
  return status === 'COMPLETED' && !['LENGTH', 'CONTENT_FILTER', 'REFUSAL', 'BUDGET'].includes(finishReason)
}
