const openingTag = '<think>'
const closingTag = '</think>'

/** A piece of text of one kind. `spanIndex` counts the tags before it: when it changes, a new span begins. */
export interface TextSpan {
  readonly kind: 'text' | 'reasoning'
  readonly spanIndex: number
  readonly text: string
}

/**
 * Separates inline `<think>` text from other text, wherever chunks split the tags. Outputs every character except the
 * tags, in order. Text that may be the beginning of a tag is buffered until the next chunk, or until `flush`.
 */
export class ThinkTagParser {
  #buffer = ''
  #spanIndex = 0

  push(chunk: string): TextSpan[] {
    const spans: TextSpan[] = []
    let rest = this.#buffer + chunk
    for (let tag = this.#nextTag(), at = rest.indexOf(tag); at >= 0; tag = this.#nextTag(), at = rest.indexOf(tag)) {
      if (at > 0) spans.push(this.#toSpan(rest.slice(0, at)))
      rest = rest.slice(at + tag.length)
      this.#spanIndex += 1
    }
    const completeLength = rest.length - partialTagLength(rest, this.#nextTag())
    if (completeLength > 0) spans.push(this.#toSpan(rest.slice(0, completeLength)))
    this.#buffer = rest.slice(completeLength)
    return spans
  }

  /** Outputs the buffered text, which is not a tag after all. Open thinking stays open. */
  flush(): TextSpan[] {
    const rest = this.#buffer
    this.#buffer = ''
    return rest === '' ? [] : [this.#toSpan(rest)]
  }

  #nextTag(): string {
    return this.#spanIndex % 2 === 0 ? openingTag : closingTag
  }

  #toSpan(text: string): TextSpan {
    return { kind: this.#spanIndex % 2 === 0 ? 'text' : 'reasoning', spanIndex: this.#spanIndex, text }
  }
}

/** Length of the longest suffix of `text` that is a proper prefix of `tag`. */
function partialTagLength(text: string, tag: string): number {
  for (let length = Math.min(text.length, tag.length - 1); length > 0; length -= 1) {
    if (text.endsWith(tag.slice(0, length))) return length
  }
  return 0
}
