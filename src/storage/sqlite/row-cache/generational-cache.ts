/**
 * A map with at most `maxSize` entries, for those that are read often. Entries that were not read while half as many others
 * were set or read again are removed together. Unlike an `LruCache`, it writes nothing when an entry is read repeatedly.
 */
export class GenerationalCache<K, V> {
  readonly #maxSizeOfGeneration: number
  #young = new Map<K, V>()
  /** What was young before. Removed when the young ones are as many again. */
  #old = new Map<K, V>()

  constructor(maxSize: number) {
    this.#maxSizeOfGeneration = Math.floor(maxSize / 2)
  }

  /** The number of entries. */
  get size(): number {
    return this.#young.size + this.#old.size
  }

  get(key: K): V | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const old = this.#old.get(key)
    if (old !== undefined) this.set(key, old)
    return old
  }

  set(key: K, value: V): void {
    this.#old.delete(key)
    this.#young.set(key, value)
    if (this.#young.size < this.#maxSizeOfGeneration) return
    this.#old = this.#young
    this.#young = new Map()
  }

  delete(key: K): void {
    this.#young.delete(key)
    this.#old.delete(key)
  }

  clear(): void {
    this.#young.clear()
    this.#old.clear()
  }
}
