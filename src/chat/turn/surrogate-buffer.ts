import { splitTrailingSurrogate } from '../../lib/text/unicode.ts'

/**
 * High surrogates that ended the text of a part so far, by part index. Each is held back until its low surrogate
 * arrives, because neither half can be stored alone. Immutable.
 */
export class SurrogateBuffer {
  static readonly empty = new SurrogateBuffer(new Map())
  readonly #halves: ReadonlyMap<number, string>

  private constructor(halves: ReadonlyMap<number, string>) {
    this.#halves = halves
  }

  /** The parts with a surrogate that is held back. */
  get partIndexes(): number[] {
    return [...this.#halves.keys()]
  }

  has(partIndex: number): boolean {
    return this.#halves.has(partIndex)
  }

  /** Adds text to a part: `text` can be stored now, and `buffer` holds back a high surrogate at its end. */
  append(partIndex: number, addedText: string): { readonly text: string; readonly buffer: SurrogateBuffer } {
    const { complete, trailing } = splitTrailingSurrogate((this.#halves.get(partIndex) ?? '') + addedText)
    const buffer = trailing === '' ? this.discard(partIndex) : this.#with(partIndex, trailing)
    return { text: complete, buffer }
  }

  /** Without what is held back for a part. */
  discard(partIndex: number): SurrogateBuffer {
    if (!this.#halves.has(partIndex)) return this
    const halves = new Map(this.#halves)
    halves.delete(partIndex)
    return new SurrogateBuffer(halves)
  }

  #with(partIndex: number, half: string): SurrogateBuffer {
    return new SurrogateBuffer(new Map([...this.#halves, [partIndex, half]]))
  }
}
