/** One value of a JSON object: a member, or, of a member that is a list with anything in it, one of its elements. */
export interface JsonEntry {
  readonly member: string
  /** Its place in the list; null for a whole member. */
  readonly index: number | null
  readonly value: unknown
  /** The line on which it begins, from 1. */
  readonly line: number
}

/** A text is no JSON object, or ends too early. */
export class JsonStreamError extends Error {
  override readonly name = 'JsonStreamError'
  readonly line: number

  constructor(line: number, message: string) {
    super(message)
    this.line = line
  }
}

/** Hands out more of a text, about as many UTF-16 code units as are asked for, or any fewer; null at its end. */
export type ReadChunk = (units: number) => string | null

const minReadUnits = 1_048_576 // UTF-16 code units that are asked for at once, and kept behind what was read

/**
 * Reads a JSON object of any length piece by piece: of its text no more is held than the longest piece, and as much
 * again. Throws a `JsonPiecesError` where the text is not what `JSON.parse` would take; what came before has been handed
 * out by then. Members that are there twice are handed out twice.
 */
export function* parseJsonStream(readChunk: ReadChunk): Generator<JsonEntry, void, void> {
  const text = new TextBuffer(readChunk)
  text.expect('{')
  if (!text.tryConsume('}')) {
    do {
      const name = text.readValue()
      if (typeof name.value !== 'string') throw text.syntaxError()
      text.expect(':')
      yield* parseMember(text, name.value)
    } while (text.tryConsume(','))
    text.expect('}')
  }
  text.expectEnd()
}

function* parseMember(text: TextBuffer, name: string): Generator<JsonEntry, void, void> {
  if (!text.tryConsume('[')) {
    yield { member: name, index: null, ...text.readValue() }
    return
  }
  if (text.tryConsume(']')) {
    yield { member: name, index: null, value: [], line: text.line }
    return
  }
  let index = 0
  do yield { member: name, index: index++, ...text.readValue() }
  while (text.tryConsume(','))
  text.expect(']')
}

/** A text of which only a stretch is there: from what is read next on. */
class TextBuffer {
  readonly #readChunk: ReadChunk
  #buffer = ''
  /** Where what is read next begins. */
  #position = 0
  /** That of what is read next, from 1. */
  line = 1

  constructor(readChunk: ReadChunk) {
    this.#readChunk = readChunk
  }

  /** Goes past this character, if it is the next one that is no white space. */
  tryConsume(char: string): boolean {
    if (this.#peek() !== char) return false
    this.#advanceTo(this.#position + 1)
    return true
  }

  expect(char: string): void {
    if (!this.tryConsume(char)) throw this.syntaxError()
  }

  expectEnd(): void {
    if (this.#peek() !== '') throw this.syntaxError()
  }

  /** The next value, and the line on which it begins. */
  readValue(): { readonly value: unknown; readonly line: number } {
    if (this.#peek() === '') throw this.syntaxError()
    const { line } = this
    const end = this.#findValueEnd()
    const source = this.#buffer.slice(this.#position, end)
    const value = tryParseJson(source)
    if (value === undefined) {
      // Cut off in the middle of it, and not wrong by itself.
      if (end === this.#buffer.length && !this.#fill()) this.#advanceTo(end)
      throw this.syntaxError()
    }
    this.#advanceTo(end)
    if (end > minReadUnits) this.#discardConsumed()
    return { value, line }
  }

  syntaxError(): JsonStreamError {
    const isAtEnd = this.#peek() === ''
    return new JsonStreamError(this.line, isAtEnd ? 'the file ends here, before it is complete' : 'this is not JSON')
  }

  /** The next character that is no white space; empty at the end. */
  #peek(): string {
    for (;;) {
      const whitespacePattern = /[ \t\r\n]*/y
      whitespacePattern.lastIndex = this.#position
      whitespacePattern.test(this.#buffer)
      this.#advanceTo(whitespacePattern.lastIndex)
      const char = this.#buffer.charAt(this.#position)
      if (char !== '' || !this.#fill()) return char
    }
  }

  /** Where the value that begins here ends. Whether it is a right one is for `JSON.parse` to say. */
  #findValueEnd(): number {
    let depth = 0
    const tokenPattern = /["[\]{},]/g
    tokenPattern.lastIndex = this.#position
    for (;;) {
      const from = tokenPattern.lastIndex
      const found = tokenPattern.exec(this.#buffer)
      if (!found) {
        tokenPattern.lastIndex = Math.max(from, this.#buffer.length)
        if (!this.#fill()) return this.#buffer.length
        continue
      }
      const [char] = found
      const isStart = found.index === this.#position
      if (char === '"') tokenPattern.lastIndex = this.#findStringEnd(found.index)
      else if (char === '[' || char === '{') depth += 1
      else if (depth === 0) return found.index
      else if (char !== ',') depth -= 1
      if (depth === 0 && (isStart || char === ']' || char === '}')) return tokenPattern.lastIndex
    }
  }

  #findStringEnd(start: number): number {
    for (let from = start + 1; ;) {
      const quote = this.#buffer.indexOf('"', from)
      if (quote < 0) {
        from = this.#buffer.length
        if (!this.#fill()) return from
      } else if (this.#isEscaped(quote, start)) from = quote + 1
      else return quote + 1
    }
  }

  #isEscaped(quote: number, start: number): boolean {
    let backslash = quote - 1
    while (backslash > start && this.#buffer[backslash] === '\\') backslash -= 1
    return (quote - backslash) % 2 === 0
  }

  #advanceTo(position: number): void {
    const consumed = this.#buffer.slice(this.#position, position)
    for (let end = consumed.indexOf('\n'); end >= 0; end = consumed.indexOf('\n', end + 1)) this.line += 1
    this.#position = position
  }

  #discardConsumed(): void {
    this.#buffer = this.#buffer.slice(this.#position)
    this.#position = 0
  }

  /** Asks for as much as it holds, so that a long piece is not put together from very many. False at the end. */
  #fill(): boolean {
    const chunk = this.#readChunk(Math.max(minReadUnits, this.#buffer.length - this.#position))
    if (chunk === null) return false
    this.#buffer += chunk
    return true
  }
}

function tryParseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
