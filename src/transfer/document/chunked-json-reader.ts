import { parseJsonWithExactNumbers } from '../../lib/text/json.ts'

/** The text is not a JSON object, or it is incomplete. */
export class JsonStreamError extends Error {
  override readonly name = 'JsonStreamError'
  readonly line: number

  constructor(line: number, message: string) {
    super(message)
    this.line = line
  }
}

/** Returns the next part of a text: about `units` UTF-16 code units, or fewer. Returns null at the end of the text. */
export type ReadJsonTextChunk = (units: number) => string | null

const minReadUnits = 1_048_576 // UTF-16 code units per read, and at most this much consumed text is kept

/** Reads JSON values from a text that is loaded in chunks. Discards what is consumed. */
export class ChunkedJsonReader {
  readonly #readChunk: ReadJsonTextChunk
  #buffer = ''
  /** The index in the buffer of the next character to read. */
  #position = 0
  /** The line of the next character to read, from 1. */
  line = 1

  constructor(readChunk: ReadJsonTextChunk) {
    this.#readChunk = readChunk
  }

  /** Consumes `char` if it is the next character after whitespace. */
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

  /** Reads the next value. Returns it with the line on which it begins. */
  readValue(): { readonly value: unknown; readonly line: number } {
    if (this.#peek() === '') throw this.syntaxError()
    const { line } = this
    const end = this.#findValueEnd()
    const source = this.#buffer.slice(this.#position, end)
    const value = tryParseJson(source)
    if (value === undefined) {
      // The value may be valid but cut off. Then the error is at the end of the text.
      if (end === this.#buffer.length && !this.#fill()) this.#advanceTo(end)
      throw this.syntaxError()
    }
    this.#advanceTo(end)
    if (end > minReadUnits) this.#discardConsumed()
    return { value, line }
  }

  syntaxError(): JsonStreamError {
    const isAtEnd = this.#peek() === ''
    return new JsonStreamError(
      this.line,
      isAtEnd ? 'The file ends before the document is complete.' : 'The text is not valid JSON.',
    )
  }

  /** Skips whitespace and returns the next character, or an empty string at the end. */
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

  /** Finds the end of the value at the current position. Does not check whether the value is valid JSON. */
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

  /** Loads more text: as much as is buffered, so that long values need few reads. Returns false at the end. */
  #fill(): boolean {
    const chunk = this.#readChunk(Math.max(minReadUnits, this.#buffer.length - this.#position))
    if (chunk === null) return false
    this.#buffer += chunk
    return true
  }
}

function tryParseJson(text: string): unknown {
  try {
    return parseJsonWithExactNumbers(text)
  } catch {
    return undefined
  }
}
