import { SegueError } from '../../lib/errors.ts'
import { FencingError } from '../../storage/errors.ts'

/** Whether someone else has ended the stream or deleted its session: there is nothing left to save. */
export function isStreamAlreadyEnded(error: unknown): boolean {
  if (error instanceof SegueError) return error.code === 'NOT_FOUND'
  return error instanceof FencingError
}

/** For the end of a stream: another process has ended it, or its session was deleted. */
export function ignoreForeignEnd(error: unknown): null {
  if (isStreamAlreadyEnded(error)) return null
  throw error
}
