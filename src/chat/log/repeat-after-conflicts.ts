import { setTimeout as delay } from 'node:timers/promises'
import { SegueError } from '../../lib/errors.ts'
import { FencingError, LogVersionConflictError } from '../../storage/errors.ts'

/** A stream of another process may write every few milliseconds, and reading where it ended takes as long. */
const maxDurationMs = 5_000
const maxDelayMs = 10

/**
 * Runs a command that writes the log of a session, and again if another process has written it meanwhile: then nothing was
 * written here, and the other process may run a stream in it now, or have ended the one that ran here.
 */
export async function repeatAfterConflicts<Result>(command: () => Promise<Result>): Promise<Result> {
  const deadline = performance.now() + maxDurationMs
  for (;;) {
    try {
      return await command()
    } catch (error) {
      if (!isConflict(error)) throw error
      if (performance.now() > deadline) throw createConflictError(error)
      await delay(Math.random() * maxDelayMs)
    }
  }
}

/** Whether another process has written to the log of a session, or owns what the write is about. Nothing was written. */
export function isConflict(error: unknown): error is LogVersionConflictError | FencingError {
  return error instanceof LogVersionConflictError || error instanceof FencingError
}

function createConflictError(cause: Error): SegueError {
  const error = new SegueError('STORAGE', 'Another server works on this session, and does not finish. Try again later.')
  error.cause = cause
  return error
}
