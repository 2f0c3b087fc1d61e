import { SegueError } from '../errors.ts'

/**
 * Returns the result of `task`. Rejects with STORAGE and the given message after `timeoutMs` milliseconds, and aborts
 * the signal that the task receives, with the same error.
 */
export async function withTimeout<T>(
  timeoutMs: number,
  message: string,
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    const error = new SegueError('STORAGE', message)
    controller.abort(error)
    reject(error)
  }, timeoutMs)
  return Promise.race([task(controller.signal), promise]).finally(() => clearTimeout(timer))
}
