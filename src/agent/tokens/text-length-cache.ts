/** Shorter texts are measured faster than they are found. In UTF-16 code units. */
const minLength = 200
/** How much text is held, in UTF-16 code units. */
const maxTotalLength = 4_000_000

/** Remembers a number for each long text, for those that were used last. Bounded by the length of the texts it holds. */
export class TextLengthCache {
  readonly #values = new Map<string, number>()
  #totalLength = 0

  /** `compute` is called unless the value is known. */
  getOrCompute(text: string, compute: (text: string) => number): number {
    if (text.length < minLength) return compute(text)
    const value = this.#values.get(text) ?? compute(text)
    // A map iterates in insertion order: this text becomes the one that was used last.
    if (!this.#values.delete(text)) this.#totalLength += text.length
    this.#values.set(text, value)
    this.#evict()
    return value
  }

  #evict(): void {
    for (const text of this.#values.keys()) {
      if (this.#totalLength <= maxTotalLength) return
      this.#values.delete(text)
      this.#totalLength -= text.length
    }
  }
}
