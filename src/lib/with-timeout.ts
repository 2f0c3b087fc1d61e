import { SegueError } from './errors.ts'

/** What the work comes to. After a while INTERNAL, and the signal tells the work that nobody waits for it any more. */
export async function withTimeout<T>(
  timeoutMs: number,
  message: string,
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    const error = new SegueError('INTERNAL', message)
    controller.abort(error)
    reject(error)
  }, timeoutMs)
  return Promise.race([task(controller.signal), promise]).finally(() => clearTimeout(timer))
}
