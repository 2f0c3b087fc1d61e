const openingTag = '<think>'
const closingTag = '</think>'
/** The tags that may come before the answer. A closing one ends a thought that is empty, or was sent by other means. */
const leadingTags = [openingTag, closingTag]

/** A piece of text of one kind. `spanIndex` counts the tags before it: when it changes, a new span begins. */
export interface ThinkTagTextSpan {
  readonly kind: 'text' | 'reasoning'
  readonly spanIndex: number
  readonly text: string
}

/** All spans so far are reasoning, although they were output as text. */
export interface ThinkTagCorrection {
  readonly kind: 'correction'
}

export type ThinkTagOutput = ThinkTagTextSpan | ThinkTagCorrection

/**
 * Separates inline `<think>` text from the answer, wherever chunks split the tags. A thought begins before the answer does:
 * any later tag is a part of the answer, such as one in a code block. Outputs every character except the tags, in order.
 * Text that may be the beginning of a tag is buffered until the next chunk, or until `flush`.
 *
 * Some models begin within a thought, because the template of their prompt ends with the opening tag. They send the closing
 * tag alone: everything before it is reasoning. Usually that is known only then, and a correction says so. A model that is
 * known for it (`beginsInThought`) has its text output as reasoning at once; if no tag follows, it is output again as text.
 */
export class ThinkTagParser {
  #buffer = ''
  #spanIndex = 0
  /** `undecided`: nothing but white space since the start, or since the end of a thought. */
  #state: 'undecided' | 'thought' | 'answer' = 'undecided'
  /** The text that is a thought if a closing tag follows, and the answer if none does. Null if there was a tag already. */
  #possibleThought: string | null = ''
  /** Whether a thought needs no opening tag. */
  #beginsInThought: boolean
  #isAssumedThought = false

  constructor(beginsInThought = false) {
    this.#beginsInThought = beginsInThought
  }

  push(chunk: string): ThinkTagOutput[] {
    const outputs: ThinkTagOutput[] = []
    let rest = this.#buffer + chunk
    this.#buffer = ''
    for (;;) {
      if (this.#state === 'undecided') {
        const start = rest.search(/\S|$/)
        const tag = leadingTags.find((each) => rest.startsWith(each, start))
        if (tag === undefined && leadingTags.some((each) => each.startsWith(rest.slice(start)))) {
          // Nothing is known yet.
          const length = this.#beginsInThought ? 0 : start
          this.#buffer = rest.slice(length)
          return [...outputs, ...this.#toSpans(rest.slice(0, length))]
        }
        if (tag === undefined) this.#beginText()
        else {
          outputs.push(...this.#toSpans(rest.slice(0, start)), ...this.#passTag(tag))
          rest = rest.slice(start + tag.length)
        }
      } else {
        const at = this.#findClosingTag(rest)
        if (at < 0) break
        outputs.push(...this.#toSpans(rest.slice(0, at)), ...this.#passTag(closingTag))
        rest = rest.slice(at + closingTag.length)
      }
    }
    const length = rest.length - (this.#canClose ? partialTagLength(rest, closingTag) : 0)
    this.#buffer = rest.slice(length)
    return [...outputs, ...this.#toSpans(rest.slice(0, length))]
  }

  /** Outputs the buffered text, which is not a tag after all. Open thinking stays open. */
  flush(): ThinkTagTextSpan[] {
    const rest = this.#buffer
    this.#buffer = ''
    if (this.#state === 'undecided' && rest.trim() !== '') this.#beginText()
    return this.#toSpans(rest)
  }

  /** The model sends its thoughts by other means, so that there is none without an opening tag. */
  excludeBareThought(): void {
    this.#possibleThought = null
    this.#beginsInThought = false
  }

  /** The text has ended. What was output as reasoning without any tag is the answer. */
  endAssumedThought(): ThinkTagTextSpan[] {
    const answer = this.#possibleThought
    if (!this.#isAssumedThought || this.#state !== 'thought' || answer === null) return []
    this.#state = 'answer'
    this.#spanIndex += 1
    return this.#toSpans(answer)
  }

  get #canClose(): boolean {
    return this.#state === 'thought' || this.#possibleThought !== null
  }

  #beginText(): void {
    this.#isAssumedThought = this.#beginsInThought
    this.#state = this.#isAssumedThought ? 'thought' : 'answer'
    if (this.#isAssumedThought) this.#spanIndex += 1
  }

  #findClosingTag(text: string): number {
    if (this.#state === 'thought') return text.indexOf(closingTag)
    if (this.#possibleThought === null) return -1
    let at = text.indexOf(closingTag)
    while (at >= 0 && isMention(this.#possibleThought + text.slice(0, at))) at = text.indexOf(closingTag, at + 1)
    return at
  }

  #passTag(tag: string): ThinkTagCorrection[] {
    const isBareThought = this.#state === 'answer'
    const isClosingOnly = tag === closingTag && this.#state !== 'thought'
    this.#spanIndex += isClosingOnly ? 2 : 1
    this.#state = tag === openingTag ? 'thought' : 'undecided'
    this.#possibleThought = null
    this.#beginsInThought = false
    return isBareThought ? [{ kind: 'correction' }] : []
  }

  #toSpans(text: string): ThinkTagTextSpan[] {
    if (text === '') return []
    const kind = this.#state === 'thought' ? 'reasoning' : 'text'
    if (this.#possibleThought !== null) this.#possibleThought += text
    return [{ kind, spanIndex: this.#spanIndex, text }]
  }
}

/** Whether a closing tag after this text is only talked about: in code, in quotes, or after an opening tag in the text. */
function isMention(textBefore: string): boolean {
  const lines = textBefore.split('\n')
  const lastLine = lines.at(-1) ?? ''
  const fenceCount = lines.filter((line) => /^\s*(```|~~~)/.test(line)).length
  const isInCode = fenceCount % 2 === 1 || (lastLine.split('`').length - 1) % 2 === 1
  return isInCode || /["'“‘«„]$|^\s*>/.test(lastLine) || textBefore.includes(openingTag)
}

/** Length of the longest suffix of `text` that is a proper prefix of `tag`. */
function partialTagLength(text: string, tag: string): number {
  for (let length = Math.min(text.length, tag.length - 1); length > 0; length -= 1) {
    if (text.endsWith(tag.slice(0, length))) return length
  }
  return 0
}
