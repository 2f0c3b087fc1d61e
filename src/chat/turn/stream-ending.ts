import type { ClockAndIds } from '../../lib/clock-and-ids.ts'
import type { StreamFailure, StreamRecord } from '../../model/stream.ts'

/** How a stream ends. */
export type StreamEnding =
  | { readonly status: 'COMPLETED' }
  /** `isReplaced`: another message takes the place of the answer, in the same transaction. Default: a person stops it. */
  | { readonly status: 'CANCELLED'; readonly isReplaced?: true }
  | { readonly status: 'FAILED'; readonly error: StreamFailure }
  /** The server stopped. */
  | { readonly status: 'INTERRUPTED' }

/** The row of a stream that has ended. Its generation is raised, so that later writes with the old one are refused. */
export function toFinishedStream(stream: StreamRecord, ending: StreamEnding, runtime: ClockAndIds): StreamRecord {
  return {
    ...stream,
    status: ending.status,
    generation: stream.generation + 1,
    finishedAt: runtime.now(),
    error: toStreamError(ending),
  }
}

function toStreamError(ending: StreamEnding): StreamRecord['error'] {
  if (ending.status === 'FAILED') return { ...ending.error, message: ending.error.message.toWellFormed() }
  if (ending.status !== 'INTERRUPTED') return null
  return { code: 'SERVER_RESTART', message: 'The server stopped while the answer was being made.' }
}
