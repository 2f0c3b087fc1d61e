import { z } from 'zod'

const completeSchema = z.object({ type: z.literal('complete'), id: z.string() })
const longestComplete = 1_000 // UTF-16 code units; ids are the client's, and short

/**
 * The operations of one WebSocket whose askers may leave before they are answered: by a `complete` of their own, or with
 * the socket. graphql-ws lets go of subscriptions by itself, and of anything else only when it is done.
 */
export class Departures {
  readonly #operations = new Map<string, AbortController>()

  /** Aborted when whoever asks for this operation leaves. */
  of(id: string): AbortSignal {
    const controller = new AbortController()
    this.#operations.set(id, controller)
    return controller.signal
  }

  /** Looks whether a message says that its sender leaves an operation. */
  read(message: string): void {
    if (message.length > longestComplete || !message.includes('complete')) return
    try {
      const { data } = completeSchema.safeParse(JSON.parse(message))
      if (data) this.#end(data.id)
    } catch {
      // What is no JSON is answered by graphql-ws.
    }
  }

  /** The operation has been answered. */
  answered(id: string): void {
    this.#operations.delete(id)
  }

  /** The socket has closed. */
  all(): void {
    for (const id of this.#operations.keys()) this.#end(id)
  }

  #end(id: string): void {
    this.#operations.get(id)?.abort()
    this.#operations.delete(id)
  }
}
