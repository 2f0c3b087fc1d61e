import { SegueError } from './segue-error.ts'

/** What something has failed with, as the error of what a page shows. */
export function toSegueError(error: unknown): SegueError {
  return error instanceof SegueError ? error : new SegueError('INTERNAL', String(error), { cause: error })
}
