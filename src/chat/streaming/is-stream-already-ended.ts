import { SegueError } from '../../lib/errors.ts'
import { FencingError, LogVersionConflictError } from '../../storage/errors.ts'

/** Whether someone else has ended the stream or deleted its session: there is nothing left to save. */
export function isStreamAlreadyEnded(error: unknown): boolean {
  if (error instanceof SegueError) return error.code === 'NOT_FOUND'
  return error instanceof FencingError || error instanceof LogVersionConflictError
}
