const openingTag = '<think>'
const closingTag = '</think>'

/** A stretch of one kind. `turn` counts the tags passed so far: where it changes, a new stretch begins. */
export interface TextSpan {
  readonly kind: 'text' | 'reasoning'
  readonly spanIndex: number
  readonly text: string
}

/**
 * Tells inline thinking from text, however the chunks cut the tags. Every character but those of the tags comes out
 * again, in order; what might still become a tag is held back until the next chunk decides, or `flush` is called.
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

  /** What is held back, which is no tag after all. A thought that is still open stays open. */
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

/** The length of the longest end of `text` that the next chunk could complete to `tag`. */
function partialTagLength(text: string, tag: string): number {
  for (let length = Math.min(text.length, tag.length - 1); length > 0; length -= 1) {
    if (text.endsWith(tag.slice(0, length))) return length
  }
  return 0
}
