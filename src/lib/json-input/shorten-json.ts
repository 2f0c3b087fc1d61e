import { randomUUID } from 'node:crypto'
import { turnScheduler } from '../event-loop/turn-scheduler.ts'

/** JSON text without its long strings. */
export interface ShortJson {
  /** The JSON, with a short name in place of each long string. */
  readonly text: string
  /** The strings by those names. */
  readonly strings: ReadonlyMap<string, string>
}

/** The JSON has more values than are allowed, or a member whose name is a long string. */
export class JsonLimitError extends Error {
  override readonly name = 'JsonLimitError'
}

/** In UTF-16 code units, as written. A longer string is taken out. */
const maxStringLength = 1024

/** How much is scanned or decoded at once, in UTF-16 code units. */
const stepLength = 131_072

const [quote, backslash, comma, colon, leftBrace, leftBracket, lowerU] = [0x22, 0x5c, 0x2c, 0x3a, 0x7b, 0x5b, 0x75]

/**
 * Takes the long strings out of JSON text, in steps that yield to the event loop, so that `JSON.parse` takes only a moment
 * for the rest. Text of 16 MiB takes it up to several seconds otherwise. Rejects with JsonLimitError if the text has more
 * than `maxValues` values, and with SyntaxError if a long string is invalid; whatever else is invalid stays so.
 */
export async function shortenJson(text: string, maxValues: number): Promise<ShortJson> {
  const shortener = new JsonShortener(text, maxValues)
  while (shortener.step()) {
    if (turnScheduler.mustWait()) await turnScheduler.wait()
  }
  // The rest is parsed at once.
  await turnScheduler.wait()
  return shortener.finish()
}

class JsonShortener {
  readonly #text: string
  readonly #maxValues: number
  readonly #namePrefix = randomUUID()
  readonly #strings = new Map<string, string>()
  #short = ''
  #copiedTo = 0
  #position = 0
  #valueCount = 1
  /** Where the text of the current string begins; null outside of strings. */
  #stringStart: number | null = null
  #decoded = ''
  #decodedTo = 0
  #isAfterLongString = false

  constructor(text: string, maxValues: number) {
    this.#text = text
    this.#maxValues = maxValues
  }

  /** Scans a piece of the text. Returns false at its end. */
  step(): boolean {
    const end = Math.min(this.#position + stepLength, this.#text.length)
    while (this.#position < end) {
      if (this.#stringStart === null) this.#scanStructure(end)
      else this.#scanString(this.#stringStart, end)
    }
    if (this.#valueCount > this.#maxValues)
      throw new JsonLimitError(`The JSON has more than ${this.#maxValues} values.`)
    return end < this.#text.length
  }

  finish(): ShortJson {
    return { text: this.#short + this.#text.slice(this.#copiedTo), strings: this.#strings }
  }

  #scanStructure(end: number): void {
    const text = this.#text
    for (let position = this.#position; position < end; position += 1) {
      const code = text.charCodeAt(position)
      if (code === quote) {
        this.#position = position + 1
        this.#stringStart = this.#position
        this.#decodedTo = this.#position
        return
      }
      // Each opens or follows a value.
      if (code === comma || code === leftBrace || code === leftBracket) this.#valueCount += 1
      else if (code === colon && this.#isAfterLongString)
        throw new JsonLimitError('The JSON has a name that is too long.')
      else if (code <= 0x20) continue
      this.#isAfterLongString = false
    }
    this.#position = end
  }

  /** A step ends between two characters of the string, so that each of its pieces can be decoded alone. */
  #scanString(start: number, end: number): void {
    const text = this.#text
    let position = this.#position
    while (position < end) {
      const code = text.charCodeAt(position)
      if (code === quote) return this.#endString(start, position)
      position += code !== backslash ? 1 : text.charCodeAt(position + 1) === lowerU ? 6 : 2
    }
    this.#position = position
    this.#decodeTo(position)
  }

  #endString(start: number, end: number): void {
    this.#position = end + 1
    this.#stringStart = null
    this.#isAfterLongString = end - start > maxStringLength
    if (!this.#isAfterLongString) {
      this.#decoded = ''
      return
    }
    this.#decodeTo(end)
    const name = `${this.#namePrefix}:${this.#strings.size}`
    this.#strings.set(name, this.#decoded)
    this.#decoded = ''
    this.#short += `${this.#text.slice(this.#copiedTo, start)}${name}`
    this.#copiedTo = end
  }

  #decodeTo(end: number): void {
    const piece: unknown = JSON.parse(`"${this.#text.slice(this.#decodedTo, end)}"`)
    this.#decoded += String(piece)
    this.#decodedTo = end
  }
}
