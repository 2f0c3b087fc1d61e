import { ChunkedJsonReader, type ReadJsonTextChunk } from './chunked-json-reader.ts'

/** A member of a JSON object. If its value is a non-empty list, one element of that list. */
export interface JsonEntry {
  readonly member: string
  /** The index of the element; null if the member is not a list, or an empty one. */
  readonly index: number | null
  readonly value: unknown
  /** The line on which the value begins, from 1. */
  readonly line: number
}

/**
 * Reads a JSON object of any length, member by member and element by element. Holds about twice the text of the longest
 * entry. Yields duplicate members twice. Throws a `JsonStreamError` at the first position that `JSON.parse` would refuse,
 * after the entries before it.
 */
export function* parseJsonStream(readChunk: ReadJsonTextChunk): Generator<JsonEntry, void, void> {
  const text = new ChunkedJsonReader(readChunk)
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

function* parseMember(text: ChunkedJsonReader, name: string): Generator<JsonEntry, void, void> {
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
