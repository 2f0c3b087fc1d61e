const openingTag = '<think>'
const closingTag = '</think>'

/** A piece of text of one kind. `spanIndex` counts the tags before it: when it changes, a new span begins. */
export interface ThinkTagTextSpan {
  readonly kind: 'text' | 'reasoning'
  readonly spanIndex: number
  readonly text: string
}

/**
 * Separates inline `<think>` text from the answer, wherever chunks split the tags. A thought begins before the answer does:
 * any later tag is a part of the answer, such as one in a code block. Outputs every character except the tags, in order.
 * Text that may be the beginning of a tag is buffered until the next chunk, or until `flush`.
 */
export class ThinkTagParser {
  #buffer = ''
  #spanIndex = 0
  #hasAnswerStarted = false

  push(chunk: string): ThinkTagTextSpan[] {
    const spans: ThinkTagTextSpan[] = []
    let rest = this.#buffer + chunk
    for (let at = this.#findTag(rest); at >= 0; at = this.#findTag(rest)) {
      if (at > 0) spans.push(this.#toSpan(rest.slice(0, at)))
      rest = rest.slice(at + this.#nextTag.length)
      this.#spanIndex += 1
    }
    const completeLength = rest.length - this.#partialTagLength(rest)
    if (completeLength > 0) spans.push(this.#toSpan(rest.slice(0, completeLength)))
    this.#buffer = rest.slice(completeLength)
    return spans
  }

  /** Outputs the buffered text, which is not a tag after all. Open thinking stays open. */
  flush(): ThinkTagTextSpan[] {
    const rest = this.#buffer
    this.#buffer = ''
    return rest === '' ? [] : [this.#toSpan(rest)]
  }

  get #isThinking(): boolean {
    return this.#spanIndex % 2 === 1
  }

  get #nextTag(): string {
    return this.#isThinking ? closingTag : openingTag
  }

  /** The index of the next tag, or -1. */
  #findTag(text: string): number {
    if (this.#isThinking) return text.indexOf(closingTag)
    const start = text.search(/\S/)
    return !this.#hasAnswerStarted && text.startsWith(openingTag, start) ? start : -1
  }

  /** The length of the text at the end that may be the beginning of the next tag. */
  #partialTagLength(text: string): number {
    const length = partialTagLength(text, this.#nextTag)
    if (this.#isThinking) return length
    return this.#hasAnswerStarted || text.slice(0, text.length - length).trim() !== '' ? 0 : length
  }

  #toSpan(text: string): ThinkTagTextSpan {
    if (this.#isThinking) return { kind: 'reasoning', spanIndex: this.#spanIndex, text }
    this.#hasAnswerStarted ||= /\S/.test(text)
    return { kind: 'text', spanIndex: this.#spanIndex, text }
  }
}

/** Length of the longest suffix of `text` that is a proper prefix of `tag`. */
function partialTagLength(text: string, tag: string): number {
  for (let length = Math.min(text.length, tag.length - 1); length > 0; length -= 1) {
    if (text.endsWith(tag.slice(0, length))) return length
  }
  return 0
}
