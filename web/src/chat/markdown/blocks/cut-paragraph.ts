/** UTF-16 code units: what is parsed and rendered with each delta. */
const minLength = 1500
/** Emphasis that is open then goes on in the next piece. Whatever else is open is shown as it is written. */
const maxLength = 4 * minLength

/** Between words, or behind a mark of a script without spaces. What follows is a letter: it begins no list and no heading. */
const place = /[^\s\\][ \n](?=\p{L})|[。、！？；：，]\s?(?=\p{L})/uy
const delimiters = /[`*_~$]+/y
const emphasis = /^(?:\*{1,3}|_{1,3}|~~)$/

export interface ParagraphPiece {
  /** Emphasis that goes on from one piece to the next ends and begins in each. */
  readonly source: string
  /** Of the text that it was cut from. */
  readonly length: number
  /** The delimiters of the emphasis that goes on behind it, the outer ones first. */
  readonly open: readonly string[]
}

/**
 * A paragraph in pieces that mean the same alone as together: nothing is open where one ends, such as emphasis, code or a
 * link, unless it is very long. Where a piece ends depends on no more than the letter behind it. `open`: see `ParagraphPiece`,
 * of what is before this text. Without `carriesEmphasis`, what is open at a cut is shown as it is written.
 */
export function cutParagraph(raw: string, open: readonly string[] = [], carriesEmphasis = true): ParagraphPiece[] {
  const pieces: ParagraphPiece[] = []
  let start = 0
  let marks = new OpenMarks(open)
  for (let index = 0; index < raw.length;) {
    const length = index - start
    if (length >= minLength && (length >= maxLength || marks.isAsBefore)) {
      place.lastIndex = index
      const end = place.test(raw) ? place.lastIndex : index
      if (end > index) {
        const next = carriesEmphasis ? marks.emphasis : []
        pieces.push(toPiece(raw.slice(start, end), marks.before, next))
        start = index = end
        marks = new OpenMarks(next)
        continue
      }
    }
    index = marks.read(raw, index)
  }
  pieces.push({ ...toPiece(raw.slice(start), marks.before, []), open: marks.emphasis })
  return pieces
}

function toPiece(text: string, before: readonly string[], open: readonly string[]): ParagraphPiece {
  const end = text.trimEnd().length
  const source = [...before, text.slice(0, end), ...open.toReversed(), text.slice(end)].join('')
  return { source, length: text.length, open }
}

/** What has begun in a text, and has not ended so far. What is in doubt is open. */
class OpenMarks {
  /** Runs of delimiters, the last of which ends first. */
  readonly #runs: string[]
  readonly before: readonly string[]
  #brackets = 0
  #targets = 0
  #isInTag = false

  /** `before`: the emphasis that is open at the start. */
  constructor(before: readonly string[]) {
    this.before = before
    this.#runs = [...before]
  }

  /** Nothing is open but what was at the start. */
  get isAsBefore(): boolean {
    return this.#runs.every((run, index) => run === this.before[index]) && this.#isBetween
  }

  get #isBetween(): boolean {
    return this.#brackets === 0 && this.#targets === 0 && !this.#isInTag
  }

  get emphasis(): readonly string[] {
    return this.#runs.filter((run) => emphasis.test(run))
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
