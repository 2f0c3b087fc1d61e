import { SegueError } from '../../../lib/errors.ts'

/** The turn of a queued message has begun, or the message was taken back. */
export function createNotQueuedError(): SegueError {
  return new SegueError('STALE', 'The message is not queued any more. Read the queue of its session again.')
}
