import { z } from 'zod'
import { parseJsonOrNull } from '../../lib/text/json.ts'

const completeMessageSchema = z.object({ type: z.literal('complete'), id: z.string() })
const subscribeMessageSchema = z.object({ type: z.literal('subscribe'), id: z.string() })

/** In UTF-16 code units. Longer messages are not parsed a second time here; the ids of clients are short. */
const maxCompleteMessageLength = 1_000

/**
 * The abort signals of one WebSocket's operations. A signal aborts when the client completes the operation before its
 * result is ready, or when the socket closes. graphql-ws itself ends only subscriptions early.
 *
 * A completed operation takes a moment to end. Until then, graphql-ws takes a new operation with its id for the old one, so
 * the new one has to wait.
 */
export class WebSocketOperationAborts {
  readonly #controllers = new Map<string, AbortController>()
  /** Resolve when graphql-ws is done with the operation. */
  readonly #active = new Map<string, Promise<void>>()
  /** The operations of `#active` that the client has completed. */
  readonly #completed = new Map<string, Promise<void>>()
  #startedId: string | null = null

  /** Creates the signal of a new operation. */
  createSignal(id: string): AbortSignal {
    const controller = new AbortController()
    this.#controllers.set(id, controller)
    this.#startedId = id
    return controller.signal
  }

  /** Aborts the operation that a client's message completes, if it is a `complete` message. */
  onMessage(message: string): void {
    if (message.length > maxCompleteMessageLength || !message.includes('complete')) return
    const { data } = completeMessageSchema.safeParse(parseJsonOrNull(message))
    if (data) this.#complete(data.id)
  }

  /** Has graphql-ws handle a message. If it starts an operation, `createSignal` is called before the first await. */
  async track(handleMessage: () => Promise<void>): Promise<void> {
    this.#startedId = null
    const handled = handleMessage()
    const id = this.#takeStartedId()
    if (id === null) return handled
    const ended = handled.catch(() => undefined)
    this.#active.set(id, ended)
    await ended
    if (this.#active.get(id) === ended) this.#active.delete(id)
    if (this.#completed.get(id) === ended) this.#completed.delete(id)
    return handled
  }

  /** If a message starts an operation with the id of a completed one: resolves when that one has ended. Null otherwise. */
  findBlocker(message: string): Promise<void> | null {
    if (this.#completed.size === 0) return null
    const { data } = subscribeMessageSchema.safeParse(parseJsonOrNull(message))
    return (data && this.#completed.get(data.id)) ?? null
  }

  /** Forgets an operation that has ended. */
  release(id: string): void {
    this.#controllers.delete(id)
  }

  /** Aborts every operation, because the socket has closed. */
  abortAll(): void {
    for (const id of this.#controllers.keys()) this.#abort(id)
  }

  #complete(id: string): void {
    this.#abort(id)
    const ended = this.#active.get(id)
    if (ended) this.#completed.set(id, ended)
  }

  #takeStartedId(): string | null {
    const id = this.#startedId
    this.#startedId = null
    return id
  }

  #abort(id: string): void {
    this.#controllers.get(id)?.abort()
    this.#controllers.delete(id)
  }
}
