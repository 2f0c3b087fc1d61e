import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseJsonWithExactNumbers } from '../../../../src/lib/text/json.ts'
import { JsonStreamError } from '../../../../src/transfer/document/chunked-json-reader.ts'
import { parseJsonStream } from '../../../../src/transfer/document/parse-json-stream.ts'

/** Reads an object from a text in chunks of `size` code units, and puts its entries together. */
function read(text: string, size: number): Map<string, unknown> {
  let position = 0
  const readChunk = (): string | null => {
    const next = text.slice(position, position + size)
    position += size
    return next === '' ? null : next
  }
  const members = new Map<string, unknown>()
  const lists = new Map<string, unknown[]>()
  for (const { member, index, value } of parseJsonStream(readChunk)) {
    if (index === null) members.set(member, value)
    else {
      const list = index === 0 ? [] : (lists.get(member) ?? [])
      expect(index).toBe(list.length)
      lists.set(member, [...list, value])
      members.set(member, lists.get(member))
    }
  }
  return members
}

/** Reads a text. Returns null if it is refused with a `JsonStreamError`. */
function tryRead(text: string, size = 3): Map<string, unknown> | null {
  try {
    return read(text, size)
  } catch (error) {
    if (!(error instanceof JsonStreamError)) throw error
    return null
  }
}

function parseObject(text: string): Map<string, unknown> | null {
  try {
    const value: unknown = parseJsonWithExactNumbers(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? new Map(Object.entries(value)) : null
  } catch {
    return null
  }
}

const object = fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue(), { maxKeys: 6 })
const indent = fc.constantFrom(undefined, 1, '\t')

test('the entries of any object are those of JSON.parse, in chunks of any size', () => {
  fc.assert(
    fc.property(object, indent, fc.integer({ min: 1, max: 20 }), (value, space, size) => {
      const text = JSON.stringify(value, null, space)
      expect(read(text, size)).toEqual(parseObject(text))
    }),
  )
})

test('an object that is cut off is refused, wherever it ends', () => {
  fc.assert(
    fc.property(object, indent, (value, space) => {
      const text = JSON.stringify(value, null, space)
      const prefixes = Array.from({ length: text.length }, (_, end) => text.slice(0, end))
      expect(prefixes.filter((prefix) => tryRead(prefix, 50) !== null)).toEqual([])
    }),
    { numRuns: 20 },
  )
})

test('a text with any character replaced is accepted or refused as JSON.parse does', () => {
  const character = fc.constantFrom(...'{}[],:"\\ x1\n\u0001')
  fc.assert(
    fc.property(object, fc.nat(), character, (value, place, wrong) => {
      const right = JSON.stringify(value)
      const at = place % (right.length + 1)
      const text = right.slice(0, at) + wrong + right.slice(at + 1)
      expect(tryRead(text), text).toEqual(parseObject(text))
    }),
    { numRuns: 2000 },
  )
})

test('an entry has the line on which it begins, and an error the line of its cause', () => {
  const text = '{\n"a": [\n1,\n\n{"b":\n2}],\n"c": 3\n}'
  const lines = [...parseJsonStream(once(text))].map(({ member, index, line }) => [member, index, line])
  expect(lines).toEqual([
    ['a', 0, 3],
    ['a', 1, 5],
    ['c', null, 7],
  ])
  expect(() => [...parseJsonStream(once('{\n"a": [\n1,\n,]}'))]).toThrow(expect.objectContaining({ line: 4 }))
  expect(() => [...parseJsonStream(once('{\n"a": [\n1\n'))]).toThrow('The file ends before the document is complete.')
})

function once(text: string): () => string | null {
  const texts = [text]
  return () => texts.pop() ?? null
}
