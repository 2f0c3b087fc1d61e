/** A map with at most `maxSize` entries. Adding one more evicts the least recently used entry. */
export class LruCache<K, V> {
  readonly #entries = new Map<K, V>()
  readonly #maxSize: number
  #newestKey: K | undefined

  constructor(maxSize: number) {
    this.#maxSize = maxSize
  }

  /** The number of entries. */
  get size(): number {
    return this.#entries.size
  }

  /** The value of a key, which becomes the most recently used one. */
  get(key: K): V | undefined {
    const value = this.#entries.get(key)
    if (value !== undefined && key !== this.#newestKey) this.set(key, value)
    return value
  }

  /** Removes the entry of a key, if there is one. */
  delete(key: K): void {
    this.#entries.delete(key)
  }

  /** Sets the value of a key, which becomes the most recently used one. */
  set(key: K, value: V): void {
    // A map iterates in insertion order, so its first key is the least recently used one.
    this.#entries.delete(key)
    this.#entries.set(key, value)
    this.#newestKey = key
    if (this.#entries.size <= this.#maxSize) return
    const [oldest] = this.#entries.keys()
    if (oldest !== undefined) this.#entries.delete(oldest)
  }
}
