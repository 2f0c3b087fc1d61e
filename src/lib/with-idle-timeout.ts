import { AgentError } from '../agent/agent.ts'

/** The same values, but a source that yields nothing for `limit` milliseconds has failed: TIMEOUT. */
export async function* withIdleTimeout<T>(
  source: AsyncIterable<T>,
  idleTimeoutMs: number,
): AsyncGenerator<T, void, void> {
  const values = source[Symbol.asyncIterator]()
  const seconds = Math.round(idleTimeoutMs / 100) / 10
  for (;;) {
    const { promise, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => {
      reject(new AgentError('TIMEOUT', `The provider sent nothing for ${seconds} seconds: try again.`))
    }, idleTimeoutMs)
    const { value, done } = await Promise.race([values.next(), promise]).finally(() => clearTimeout(timer))
    if (done) return
    yield value
  }
}
