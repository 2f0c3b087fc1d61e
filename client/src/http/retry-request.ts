import { SegueError } from '../segue-error.ts'
import { Backoff } from '../connection/backoff.ts'
import type { ReconnectOptions } from '../connection/reconnect-options.ts'
import { ConnectionLostError } from '../connection/connection-lost-error.ts'

export interface RetryOptions {
  readonly reconnect: ReconnectOptions
  readonly signal: AbortSignal | undefined
  /** After the last of them, the request fails. Default: 6. */
  readonly maxAttempts?: number
}

/** The value of a request, which is sent again if the connection is lost. Rejects with a SegueError, or as the signal says. */
export async function retryRequest<Value>(
  send: () => AsyncGenerator<Value, void>,
  { reconnect, signal = new AbortController().signal, maxAttempts = 6 }: RetryOptions,
): Promise<Value> {
  const backoff = new Backoff(reconnect)
  for (let attempt = 1; ; attempt += 1) {
    try {
      for await (const value of send()) return value
      throw new ConnectionLostError('The server sent no response.')
    } catch (error) {
      if (!(error instanceof ConnectionLostError)) throw error
      if (attempt === maxAttempts) throw new SegueError('CONNECTION_LOST', error.message, { cause: error })
    }
    await backoff.wait(signal)
  }
}
