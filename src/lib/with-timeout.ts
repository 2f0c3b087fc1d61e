import { SegueError } from './errors.ts'

/** What the work comes to. After a while INTERNAL, and the signal tells the work that nobody waits for it any more. */
export async function within<T>(
  milliseconds: number,
  sentence: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    const fault = new SegueError('INTERNAL', sentence)
    controller.abort(fault)
    reject(fault)
  }, milliseconds)
  return Promise.race([work(controller.signal), promise]).finally(() => clearTimeout(timer))
}
