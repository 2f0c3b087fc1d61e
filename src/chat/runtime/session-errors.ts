import { SegueError } from '../../lib/errors.ts'
import type { StreamRecord } from '../../model/stream.ts'

/** A stream runs or is queued in the session. */
export function createBusyError({ id }: StreamRecord): SegueError {
  const message = 'An answer is streaming in this session. Wait for its end, or cancel it.'
  return new SegueError('SESSION_BUSY', message, { streamId: id })
}

/** The session is being compacted. */
export class CompactingError extends SegueError {
  constructor() {
    super('SESSION_BUSY', 'This session is being compacted. Wait for the end, and use the session that continues it.')
  }
}

/** A message with INTERRUPT has cancelled a compaction. */
export function createCompactionCancelledError(): SegueError {
  return new SegueError('SESSION_BUSY', 'Compaction was cancelled by a new message. The session is unchanged.')
}

/** Another process has run a stream in the session, or continued it, while this one summarised it. */
export function createUsedElsewhereError(): SegueError {
  return new SegueError('SESSION_BUSY', 'This session was used while it was being compacted. Try again.')
}
