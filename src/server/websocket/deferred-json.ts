import { randomUUID } from 'node:crypto'

const placeholderPattern = /"payload":"deferred:([0-9a-f-]{36})"\}$/

/**
 * The JSON of large results that was written in steps. graphql-ws writes a whole message at once: it is given a placeholder,
 * which is replaced when the message is sent.
 */
export class DeferredJson {
  readonly #chunks = new Map<string, readonly Buffer[]>()

  /** A payload that stands for JSON as UTF-8. */
  defer(chunks: readonly Buffer[]): { readonly toJSON: () => string } {
    const key = randomUUID()
    this.#chunks.set(key, chunks)
    return { toJSON: () => `deferred:${key}` }
  }

  /** The message with its JSON. */
  restore(message: string): string | readonly Buffer[] {
    if (this.#chunks.size === 0) return message
    const key = placeholderPattern.exec(message.slice(-100))?.[1] ?? ''
    const chunks = this.#chunks.get(key)
    if (chunks === undefined) return message
    this.#chunks.delete(key)
    const head = message.slice(0, -`"deferred:${key}"}`.length)
    return [Buffer.from(head), ...chunks, Buffer.from('}')]
  }
}
