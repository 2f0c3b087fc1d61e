import { z } from 'zod'
import { parseJsonOrNull } from '../../lib/text/json.ts'

const completeMessageSchema = z.object({ type: z.literal('complete'), id: z.string() })

/** In UTF-16 code units. Longer messages are not parsed a second time here; the ids of clients are short. */
const maxCompleteMessageLength = 1_000

/**
 * The abort signals of one WebSocket's operations. A signal aborts when the client completes the operation before its
 * result is ready, or when the socket closes. graphql-ws itself ends only subscriptions early.
 */
export class OperationAborts {
  readonly #controllers = new Map<string, AbortController>()

  /** Creates the signal of a new operation. */
  createSignal(id: string): AbortSignal {
    const controller = new AbortController()
    this.#controllers.set(id, controller)
    return controller.signal
  }

  /** Aborts the operation that a client's message completes, if it is a `complete` message. */
  onMessage(message: string): void {
    if (message.length > maxCompleteMessageLength || !message.includes('complete')) return
    const { data } = completeMessageSchema.safeParse(parseJsonOrNull(message))
    if (data) this.#abort(data.id)
  }

  /** Forgets an operation that has ended. */
  release(id: string): void {
    this.#controllers.delete(id)
  }

  /** Aborts every operation, because the socket has closed. */
  abortAll(): void {
    for (const id of this.#controllers.keys()) this.#abort(id)
  }

  #abort(id: string): void {
    this.#controllers.get(id)?.abort()
    this.#controllers.delete(id)
  }
}
