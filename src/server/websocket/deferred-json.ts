import { randomUUID } from 'node:crypto'

const placeholderPattern = /"payload":"deferred:([0-9a-f-]{36})"\}$/

/**
 * The JSON of large results that was written in steps. graphql-ws writes a whole message at once: it is given a placeholder,
 * which is replaced when the message is sent.
 */
export class DeferredJson {
  readonly #texts = new Map<string, string>()

  /** A payload that stands for a text. */
  defer(text: string): { readonly toJSON: () => string } {
    const key = randomUUID()
    this.#texts.set(key, text)
    return { toJSON: () => `deferred:${key}` }
  }

  /** The message with its text. */
  restore(message: string): string {
    if (this.#texts.size === 0) return message
    const key = placeholderPattern.exec(message.slice(-100))?.[1] ?? ''
    const text = this.#texts.get(key)
    if (text === undefined) return message
    this.#texts.delete(key)
    return `${message.slice(0, -`"deferred:${key}"}`.length)}${text}}`
  }
}
