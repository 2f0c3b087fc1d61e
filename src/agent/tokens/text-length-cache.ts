import { hash } from 'node:crypto'
import { LruCache } from '../../lib/lru-cache.ts'

/** Shorter texts are measured faster than they are found. In UTF-16 code units. */
const minLength = 200
/** How many numbers are remembered: of a few long chats. */
const maxTexts = 5_000

/** Remembers a number for each long text, for those that were used last. It does not hold the texts. */
export class TextLengthCache {
  readonly #values = new LruCache<string, number>(maxTexts)

  /** `compute` is called unless the value is known. */
  getOrCompute(text: string, compute: (text: string) => number): number {
    if (text.length < minLength) return compute(text)
    const key = toKey(text)
    return this.#remember(key, this.#values.get(key) ?? compute(text))
  }

  /** The same for a text of any length, and a `compute` that takes its time. */
  async getOrComputeLater(text: string, compute: (text: string) => Promise<number>): Promise<number> {
    const key = toKey(text)
    return this.#remember(key, this.#values.get(key) ?? (await compute(text)))
  }

  #remember(key: string, value: number): number {
    this.#values.set(key, value)
    return value
  }
}

function toKey(text: string): string {
  return hash('sha1', text, 'base64')
}
