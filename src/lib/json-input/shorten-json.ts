import { randomUUID } from 'node:crypto'
import { StringDecoder } from 'node:string_decoder'
import { turnScheduler } from '../event-loop/turn-scheduler.ts'

/** JSON text without its long strings. */
export interface ShortJson {
  /** The JSON, with a short name in place of each long string. */
  readonly text: string
  /** The strings by those names. */
  readonly strings: ReadonlyMap<string, string>
}

/** The JSON has more than is allowed beside its long strings, or a member whose name is a long string. */
export class JsonLimitError extends Error {
  override readonly name = 'JsonLimitError'
}

/** In UTF-16 code units, as written. A longer string is taken out. */
const maxStringLength = 1024

/** In UTF-16 code units. What is left without the long strings is parsed at once. */
const maxShortLength = 4_194_304

/** In UTF-16 code units. The spaces of JSON that is indented are kept: they are too many to be looked at one by one. */
const minLongSpaces = 100
const longSpacesPattern = new RegExp(`[ \\t\\r\\n]{${minLongSpaces},}`, 'g')

/** How much is decoded and scanned at once, in bytes. */
const stepBytes = 65_536

const [quote, backslash, comma, colon, leftBrace, leftBracket, lowerU] = [0x22, 0x5c, 0x2c, 0x3a, 0x7b, 0x5b, 0x75]

/**
 * Takes the long strings out of JSON, which is given as UTF-8 in chunks, in steps that yield to the event loop, so that
 * `JSON.parse` takes only a moment for the rest. 16 MiB take it up to several seconds otherwise, and joining and decoding them
 * takes long as well. Rejects with JsonLimitError if the JSON has more than `maxValues` values or 4 MiB beside its long
 * strings, and with SyntaxError if a long string is invalid; whatever else is invalid stays so. Spaces do not count.
 */
export async function shortenJson(chunks: Iterable<Buffer>, maxValues: number): Promise<ShortJson> {
  const shortener = new JsonShortener(maxValues)
  for (const text of decodeInSteps(chunks)) {
    shortener.add(text)
    if (turnScheduler.mustWait()) await turnScheduler.wait()
  }
  // The rest is parsed at once.
  await turnScheduler.wait()
  return shortener.finish()
}

function* decodeInSteps(chunks: Iterable<Buffer>): Generator<string, void, void> {
  const decoder = new StringDecoder()
  for (const chunk of chunks)
    for (let start = 0; start < chunk.length; start += stepBytes)
      yield decoder.write(chunk.subarray(start, start + stepBytes))
  yield decoder.end()
}

/** Of text outside of strings, where any number of spaces is as good as one. */
function omitLongSpaces(text: string): string {
  return text.length < minLongSpaces ? text : text.replaceAll(longSpacesPattern, ' ')
}

class JsonShortener {
  readonly #maxValues: number
  readonly #namePrefix = randomUUID()
  readonly #strings = new Map<string, string>()
  #short = ''
  #valueCount = 1
  #isInString = false
  /** Of the current string, as written. */
  #stringLength = 0
  /** The current string as written, while it is not long. */
  #source = ''
  /** The current string, once it is long. */
  #decoded = ''
  #isAfterLongString = false
  /** The beginning of an escape that goes on in the next piece. */
  #carry = ''

  constructor(maxValues: number) {
    this.#maxValues = maxValues
  }

  /** Scans the next piece of the JSON. */
  add(piece: string): void {
    const text = `${this.#carry}${piece}`
    this.#carry = ''
    for (let position = 0; position < text.length;)
      position = this.#isInString ? this.#scanString(text, position) : this.#scanStructure(text, position)
    if (this.#valueCount > this.#maxValues)
      throw new JsonLimitError(`The JSON has more than ${this.#maxValues} values.`)
    if (this.#short.length > maxShortLength)
      throw new JsonLimitError(`The JSON has more than ${maxShortLength} characters beside long texts.`)
  }

  finish(): ShortJson {
    return { text: `${this.#short}${this.#source}${this.#carry}`, strings: this.#strings }
  }

  /** Returns where the next string begins, or the end. */
  #scanStructure(text: string, start: number): number {
    for (let position = start; position < text.length; position += 1) {
      const code = text.charCodeAt(position)
      if (code === quote) {
        this.#short += omitLongSpaces(text.slice(start, position + 1))
        this.#isInString = true
        return position + 1
      }
      // Each opens or follows a value.
      if (code === comma || code === leftBrace || code === leftBracket) this.#valueCount += 1
      else if (code === colon && this.#isAfterLongString)
        throw new JsonLimitError('The JSON has a name that is too long.')
      else if (code <= 0x20) continue
      this.#isAfterLongString = false
    }
    this.#short += omitLongSpaces(text.slice(start))
    return text.length
  }

  /** Returns where the string ends. What it has of a string is complete, so that it can be decoded alone. */
  #scanString(text: string, start: number): number {
    let position = start
    while (position < text.length) {
      const code = text.charCodeAt(position)
      if (code === quote) {
        this.#addToString(text.slice(start, position))
        this.#endString()
        return position + 1
      }
      const next = position + (code !== backslash ? 1 : text.charCodeAt(position + 1) === lowerU ? 6 : 2)
      if (next > text.length) break
      position = next
    }
    this.#addToString(text.slice(start, position))
    this.#carry = text.slice(position)
    return text.length
  }

  #addToString(source: string): void {
    this.#source += source
    this.#stringLength += source.length
    if (this.#stringLength <= maxStringLength) return
    const decoded: unknown = JSON.parse(`"${this.#source}"`)
    this.#decoded += String(decoded)
    this.#source = ''
  }

  #endString(): void {
    this.#isAfterLongString = this.#stringLength > maxStringLength
    if (this.#isAfterLongString) {
      const name = `${this.#namePrefix}:${this.#strings.size}`
      this.#strings.set(name, this.#decoded)
      this.#short += `${name}"`
    } else this.#short += `${this.#source}"`
    this.#isInString = false
    this.#stringLength = 0
    this.#source = ''
    this.#decoded = ''
  }
}
