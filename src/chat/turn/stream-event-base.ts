import type { ClockAndIds } from '../../lib/clock-and-ids.ts'
import type { StreamRecord } from '../../model/stream.ts'

export interface StreamEventBase {
  readonly at: number
  readonly sessionId: string
  readonly streamId: string
}

/** The fields that all events of a stream have. */
export function createEventBase({ id, sessionId }: StreamRecord, runtime: ClockAndIds): StreamEventBase {
  return { at: runtime.now(), sessionId, streamId: id }
}
