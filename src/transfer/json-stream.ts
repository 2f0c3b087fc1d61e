/** One value of a JSON object: a member, or, of a member that is a list with anything in it, one of its elements. */
export interface Piece {
  readonly member: string
  /** Its place in the list; null for a whole member. */
  readonly index: number | null
  readonly value: unknown
  /** The line on which it begins, from 1. */
  readonly line: number
}

/** A text is no JSON object, or ends too early. */
export class JsonPiecesError extends Error {
  override readonly name = 'JsonPiecesError'
  readonly line: number

  constructor(line: number, message: string) {
    super(message)
    this.line = line
  }
}

/** Hands out more of a text, about as many UTF-16 code units as are asked for, or any fewer; null at its end. */
export type More = (units: number) => string | null

const least = 1_048_576 // UTF-16 code units that are asked for at once, and kept behind what was read

/**
 * Reads a JSON object of any length piece by piece: of its text no more is held than the longest piece, and as much
 * again. Throws a `JsonPiecesError` where the text is not what `JSON.parse` would take; what came before has been handed
 * out by then. Members that are there twice are handed out twice.
 */
export function* piecesOf(more: More): Generator<Piece, void, void> {
  const text = new Text(more)
  text.expect('{')
  if (!text.take('}')) {
    do {
      const name = text.value()
      if (typeof name.value !== 'string') throw text.fault()
      text.expect(':')
      yield* member(text, name.value)
    } while (text.take(','))
    text.expect('}')
  }
  text.expectEnd()
}

function* member(text: Text, name: string): Generator<Piece, void, void> {
  if (!text.take('[')) {
    yield { member: name, index: null, ...text.value() }
    return
  }
  if (text.take(']')) {
    yield { member: name, index: null, value: [], line: text.line }
    return
  }
  let index = 0
  do yield { member: name, index: index++, ...text.value() }
  while (text.take(','))
  text.expect(']')
}

/** A text of which only a stretch is there: from what is read next on. */
class Text {
  readonly #more: More
  #text = ''
  /** Where what is read next begins. */
  #at = 0
  /** That of what is read next, from 1. */
  line = 1

  constructor(more: More) {
    this.#more = more
  }

  /** Goes past this character, if it is the next one that is no white space. */
  take(char: string): boolean {
    if (this.#next() !== char) return false
    this.#goTo(this.#at + 1)
    return true
  }

  expect(char: string): void {
    if (!this.take(char)) throw this.fault()
  }

  expectEnd(): void {
    if (this.#next() !== '') throw this.fault()
  }

  /** The next value, and the line on which it begins. */
  value(): { readonly value: unknown; readonly line: number } {
    if (this.#next() === '') throw this.fault()
    const { line } = this
    const end = this.#endOfValue()
    const written = this.#text.slice(this.#at, end)
    const value = parsed(written)
    if (value === undefined) {
      // Cut off in the middle of it, and not wrong by itself.
      if (end === this.#text.length && !this.#fill()) this.#goTo(end)
      throw this.fault()
    }
    this.#goTo(end)
    if (end > least) this.#forget()
    return { value, line }
  }

  fault(): JsonPiecesError {
    const isOver = this.#next() === ''
    return new JsonPiecesError(this.line, isOver ? 'the file ends here, before it is complete' : 'this is not JSON')
  }

  /** The next character that is no white space; empty at the end. */
  #next(): string {
    for (;;) {
      const space = /[ \t\r\n]*/y
      space.lastIndex = this.#at
      space.test(this.#text)
      this.#goTo(space.lastIndex)
      const char = this.#text.charAt(this.#at)
      if (char !== '' || !this.#fill()) return char
    }
  }

  /** Where the value that begins here ends. Whether it is a right one is for `JSON.parse` to say. */
  #endOfValue(): number {
    let depth = 0
    const mark = /["[\]{},]/g
    mark.lastIndex = this.#at
    for (;;) {
      const from = mark.lastIndex
      const found = mark.exec(this.#text)
      if (!found) {
        mark.lastIndex = Math.max(from, this.#text.length)
        if (!this.#fill()) return this.#text.length
        continue
      }
      const [char] = found
      const isStart = found.index === this.#at
      if (char === '"') mark.lastIndex = this.#endOfString(found.index)
      else if (char === '[' || char === '{') depth += 1
      else if (depth === 0) return found.index
      else if (char !== ',') depth -= 1
      if (depth === 0 && (isStart || char === ']' || char === '}')) return mark.lastIndex
    }
  }

  #endOfString(start: number): number {
    for (let from = start + 1; ;) {
      const quote = this.#text.indexOf('"', from)
      if (quote < 0) {
        from = this.#text.length
        if (!this.#fill()) return from
      } else if (this.#isEscaped(quote, start)) from = quote + 1
      else return quote + 1
    }
  }

  #isEscaped(quote: number, start: number): boolean {
    let backslash = quote - 1
    while (backslash > start && this.#text[backslash] === '\\') backslash -= 1
    return (quote - backslash) % 2 === 0
  }

  #goTo(at: number): void {
    const passed = this.#text.slice(this.#at, at)
    for (let end = passed.indexOf('\n'); end >= 0; end = passed.indexOf('\n', end + 1)) this.line += 1
    this.#at = at
  }

  #forget(): void {
    this.#text = this.#text.slice(this.#at)
    this.#at = 0
  }

  /** Asks for as much as it holds, so that a long piece is not put together from very many. False at the end. */
  #fill(): boolean {
    const more = this.#more(Math.max(least, this.#text.length - this.#at))
    if (more === null) return false
    this.#text += more
    return true
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
