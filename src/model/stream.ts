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
  | 'SERVER_RESTART'

export interface StreamRecord {
  readonly id: string
  readonly sessionId: string
  readonly status: StreamStatus
  /** Raised by the end of the stream; a write that names an older one is refused. */
  readonly generation: number
  readonly model: string
  readonly userMessageId: string
  /** The assistant's message; null until something was produced. */
  readonly messageId: string | null
  /** Of all requests to the model that have ended. */
  readonly usage: Usage
  /** The request that has not ended: its estimated input, and how much of the answer (in UTF-16 code units) was there before. */
  readonly step: { readonly inputTokens: number; readonly producedBefore: number } | null
  readonly startedAt: number
  readonly finishedAt: number | null
  /** The seq of its StreamStarted. */
  readonly firstSeq: number
  readonly lastSeq: number
  readonly error: { readonly code: StreamErrorCode; readonly message: string } | null
}
