import type { StreamRecord } from '../../../src/model/stream.ts'

/** One answer being made, or made. Times are in epoch milliseconds. `lastSeq` is the seq of its newest event. */
export type ChatStream = Pick<
  StreamRecord,
  | 'id'
  | 'sessionId'
  | 'status'
  | 'model'
  | 'effort'
  | 'usage'
  | 'startedAt'
  | 'finishedAt'
  | 'finishReason'
  | 'retryAt'
  | 'lastSeq'
  | 'error'
>
