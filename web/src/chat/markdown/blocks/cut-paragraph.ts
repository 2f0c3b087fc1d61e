/** UTF-16 code units: what is parsed and rendered with each delta. */
const minLength = 1500
/** Whatever is open then, such as emphasis, is shown as it is written. */
const maxLength = 4 * minLength

/** Between words, or behind a mark of a script without spaces. What follows is a letter: it begins no list and no heading. */
const place = /[^\s\\][ \n](?=\p{L})|[。、！？；：，]\s?(?=\p{L})/uy
const delimiters = /[`*_~$]+/y

/**
 * A paragraph in pieces that mean the same alone as together: nothing is open where one ends, such as emphasis, code or a
 * link. Where a piece ends depends on no more than the letter behind it.
 */
export function cutParagraph(raw: string): string[] {
  const pieces: string[] = []
  let start = 0
  let open = new OpenMarks()
  for (let index = 0; index < raw.length;) {
    const length = index - start
    if (length >= minLength && (length >= maxLength || open.isEmpty)) {
      place.lastIndex = index
      const end = place.test(raw) ? place.lastIndex : index
      if (end > index) {
        pieces.push(raw.slice(start, end))
        start = index = end
        open = new OpenMarks()
        continue
      }
    }
    index = open.read(raw, index)
  }
  pieces.push(raw.slice(start))
  return pieces
}

/** What has begun in a text, and has not ended so far. What is in doubt is open. */
class OpenMarks {
  /** Runs of delimiters, the last of which ends first. */
  readonly #runs: string[] = []
  #brackets = 0
  #targets = 0
  #isInTag = false

  get isEmpty(): boolean {
    return this.#runs.length === 0 && this.#brackets === 0 && this.#targets === 0 && !this.#isInTag
  }

  /** Reads what is at an index. Returns the index behind it. */
  read(text: string, index: number): number {
    delimiters.lastIndex = index
    const run = delimiters.exec(text)?.[0]
    if (run !== undefined) {
      if (!isLiteral(run, text.charAt(index - 1), text.charAt(index + run.length))) this.#toggle(run)
      return index + run.length
    }
    const isInCode = this.#runs.at(-1)?.startsWith('`') === true
    if (!isInCode) {
      if (text[index] === '\\') return index + 2
      this.#readBracket(text, index)
    }
    return index + 1
  }

  #toggle(run: string): void {
    const last = this.#runs.at(-1)
    if (last === run) this.#runs.pop()
    else if (!last?.startsWith('`')) this.#runs.push(run)
  }

  #readBracket(text: string, index: number): void {
    const character = text[index]
    if (character === '[') this.#brackets += 1
    else if (character === ']' && this.#brackets > 0) {
      this.#brackets -= 1
      if (text[index + 1] === '(') this.#targets = 1
    } else if (character === ')') this.#targets = 0
    else if (character === '<' && /[a-z/!?]/i.test(text.charAt(index + 1))) this.#isInTag = true
    else if (character === '>') this.#isInTag = false
  }
}

/** Whether a run of delimiters is none: between spaces, or, as in a name, between letters. */
function isLiteral(run: string, before: string, after: string): boolean {
  if (run.startsWith('`')) return false
  if (run.startsWith('_')) return /[\p{L}\p{N}]/u.test(before) && /[\p{L}\p{N}]/u.test(after)
  return /^\s?$/.test(before) && /^\s?$/.test(after)
}
