import { AgentError } from '../../agent/agent.ts'
import { SegueError } from '../../lib/errors.ts'
import type { Logger } from '../../lib/logger.ts'
import type { StreamFailure } from '../../model/stream.ts'
import { findStorageProblem, toPublicStorageError } from '../../storage/health/storage-problem.ts'

/** What clients are told of the failure of a commit. */
export function toStorageFailure(error: unknown): StreamFailure {
  const known = error instanceof SegueError ? error : toPublicStorageError(error)
  const reason = known ? ` ${known.message}` : ' See the log of the server for details.'
  return { code: 'STORAGE', message: `The answer could not be saved.${reason}` }
}

/** Whether the home was deleted or is another server's: nothing can be saved any more. */
export function isHomeLost(error: unknown): boolean {
  return findStorageProblem(error) === 'HOME_LOST'
}

/** What clients are told of an agent's error. An unexpected one is logged. */
export function toStreamFailure(error: unknown, log: Logger): StreamFailure {
  if (toPublicStorageError(error)) return toStorageFailure(error)
  if (error instanceof AgentError) {
    const { code, message, retryAt } = error
    return { code, message, ...(retryAt !== null && { retryAt }) }
  }
  log.error({ err: error }, 'An agent failed with an unexpected error.')
  return { code: 'PROVIDER', message: 'The agent failed unexpectedly. See the log of the server for details.' }
}

/** What readers of a stream receive while its end cannot be committed. */
export function createUnsavedEndError(cause: unknown): SegueError {
  const { message } = toStorageFailure(cause)
  return new SegueError('STORAGE', `${message} Follow it again to receive its end once it can be saved.`)
}
