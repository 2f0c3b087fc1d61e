import { z } from 'zod'

const completeMessageSchema = z.object({ type: z.literal('complete'), id: z.string() })
const maxCompleteMessageLength = 1_000 // UTF-16 code units; ids are the client's, and short

/**
 * The operations of one WebSocket whose askers may leave before they are answered: by a `complete` of their own, or with
 * the socket. graphql-ws lets go of subscriptions by itself, and of anything else only when it is done.
 */
export class OperationAborts {
  readonly #controllers = new Map<string, AbortController>()

  /** Aborted when whoever asks for this operation leaves. */
  signalFor(id: string): AbortSignal {
    const controller = new AbortController()
    this.#controllers.set(id, controller)
    return controller.signal
  }

  /** Looks whether a message says that its sender leaves an operation. */
  onMessage(message: string): void {
    if (message.length > maxCompleteMessageLength || !message.includes('complete')) return
    try {
      const { data } = completeMessageSchema.safeParse(JSON.parse(message))
      if (data) this.#abort(data.id)
    } catch {
      // What is no JSON is answered by graphql-ws.
    }
  }

  /** The operation has been answered. */
  release(id: string): void {
    this.#controllers.delete(id)
  }

  /** The socket has closed. */
  abortAll(): void {
    for (const id of this.#controllers.keys()) this.#abort(id)
  }

  #abort(id: string): void {
    this.#controllers.get(id)?.abort()
    this.#controllers.delete(id)
  }
}
