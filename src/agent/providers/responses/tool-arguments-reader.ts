import { parseJsonWithExactNumbersOrNull, stringifyJson } from '../../../lib/text/json.ts'
import { isUnknownRecord } from './response-values.ts'

/** How often the arguments may be JSON within a string of JSON. */
const maxNesting = 3

/**
 * Reads the arguments of one tool call in any of the forms that servers send: JSON text in pieces, an object, JSON within a
 * string of JSON, `null`, an empty list, or nothing. Text that is certain to be an object is passed on at once; other text is
 * held back until it is complete. Integers keep their digits.
 */
export class ToolArgumentsReader {
  #text = ''
  #isHeld = true

  /** Whether the arguments are one complete JSON object, or may still be nothing. */
  get isComplete(): boolean {
    return isUnknownRecord(parseJsonWithExactNumbersOrNull(unwrap(this.#text, maxNesting) || '{}'))
  }

  get isBlank(): boolean {
    return this.#text.trim() === ''
  }

  /** Whether the arguments so far are the beginning of something that is not complete. */
  get isInProgress(): boolean {
    if (this.isBlank) return false
    // Only text that may be complete is parsed.
    return !/[}"\]l]\s*$/.test(this.#text) || !this.isComplete
  }

  /** Returns the text to pass on, which may be empty. */
  push(value: unknown): string {
    if (value === null || value === undefined) return ''
    if (typeof value === 'string') return this.#pushText(value)
    // A server that sends objects repeats the whole object in each event, if it sends several.
    return this.#isHeld ? this.#pushText(stringifyJson(value)) : ''
  }

  /** Returns the text that was held back, without its wrapping. */
  flush(): string {
    if (!this.#isHeld) return ''
    this.#isHeld = false
    this.#text = unwrap(this.#text, maxNesting)
    return this.#text
  }

  #pushText(piece: string): string {
    if (!this.#isHeld) {
      this.#text += piece
      return piece
    }
    // Some gateways begin with an empty object before the real one.
    const isPlaceholder = this.#text.trim() === '{}' && piece.trimStart().startsWith('{')
    this.#text = isPlaceholder ? piece : this.#text + piece
    const start = this.#text.trim()
    if (!start.startsWith('{') || start === '{' || start === '{}') return ''
    this.#isHeld = false
    return this.#text
  }
}

function unwrap(text: string, depth: number): string {
  const trimmed = text.trim()
  // PHP writes an empty object as a list.
  if (trimmed === 'null' || trimmed === '[]') return '{}'
  if (!trimmed.startsWith('"') || depth === 0) return text
  const inner = parseJsonWithExactNumbersOrNull(trimmed)
  if (typeof inner !== 'string') return text
  const unwrapped = unwrap(inner, depth - 1)
  return unwrapped.trim() === '' || isUnknownRecord(parseJsonWithExactNumbersOrNull(unwrapped)) ? unwrapped : text
}
