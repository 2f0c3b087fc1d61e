import { describe, expect, test } from 'vitest'
import {
  hasBigInteger,
  isJsonObject,
  parseJsonWithExactNumbers,
  parseJson,
  parseJsonOrNull,
  stringifyJson,
  toRawJson,
  toWellFormedJson,
} from '../../../../src/lib/text/json.ts'

const nest = (levels: number): string => `${'['.repeat(levels)}1${']'.repeat(levels)}`

describe('parsing JSON to store or send on', () => {
  test('yields the value', () => {
    expect(parseJson('{"a":[1,null,true,"b"]}')).toEqual({ a: [1, null, true, 'b'] })
    expect(parseJson('null')).toBeNull()
  })

  test('yields undefined for text that is not JSON', () => {
    for (const text of ['', '{', 'undefined', "{'a':1}", '1 2']) expect(parseJson(text)).toBeUndefined()
  })

  test('yields undefined for a value that is nested more than 100 levels deep', () => {
    expect(parseJson(nest(100))).toBeDefined()
    expect(parseJson(nest(101))).toBeUndefined()
    expect(parseJson(nest(100_000))).toBeUndefined()
  })

  test('replaces lone surrogates in strings and keys', () => {
    expect(parseJson('{"a\\ud83d":["\\ude00b","\\ud83d\\ude00"]}')).toEqual({ 'a\ufffd': ['\ufffdb', '😀'] })
  })
})

test('JSON for a schema is parsed as it is, and yields null if it is not JSON', () => {
  expect(parseJsonOrNull('{"a":1}')).toEqual({ a: 1 })
  expect(parseJsonOrNull('{"a":')).toBeNull()
})

test('only objects that are neither null nor arrays are JSON objects', () => {
  expect(isJsonObject({})).toBe(true)
  for (const value of [null, [], 'a', 1, true, undefined]) expect(isJsonObject(value)).toBe(false)
})

test('a value is made well-formed at every level, and keeps its shape', () => {
  expect(toWellFormedJson({ a: ['\ud83d', { '\ude00': null }], n: 1.5, t: true })).toEqual({
    a: ['\ufffd', { '\ufffd': null }],
    n: 1.5,
    t: true,
  })
})

describe('a value that is nested too deeply', () => {
  test('keeps its text below the 100th level', () => {
    const value = parseJsonWithExactNumbers(`${'['.repeat(101)}"\\ud83d",1234567890123456789${']'.repeat(101)}`)
    expect(stringifyJson(toWellFormedJson(value))).toBe(
      `${'['.repeat(100)}${JSON.stringify('["\\ud83d",1234567890123456789]')}${']'.repeat(100)}`,
    )
  })

  test('overflows no stack', () => {
    const value = parseJsonWithExactNumbers(nest(100_000))
    expect(stringifyJson(toWellFormedJson(value))).toContain('nested too deeply')
  })
})

describe('big integers', () => {
  const id = '1234567890123456789'

  test.each([id, `-${id}`, '9007199254740993', '18446744073709551615', '1'.repeat(300)])(
    '%s keeps its digits',
    (digits) => {
      const text = `{"a":[${digits}],"b":{"c":${digits}}}`
      for (const value of [parseJsonWithExactNumbers(text), parseJson(text)]) {
        expect(stringifyJson(value)).toBe(text)
        expect(JSON.stringify(toRawJson(value ?? null))).toBe(text)
        expect(stringifyJson(structuredClone(value))).toBe(text)
      }
    },
  )

  test('are found at every level', () => {
    expect(hasBigInteger(parseJsonWithExactNumbers(`{"a":[0,{"b":${id}}]}`))).toBe(true)
    expect(hasBigInteger({ a: [0, { b: id }], c: 2 ** 60 })).toBe(false)
  })

  test.each([
    '0',
    '-1',
    '9007199254740991',
    '-9007199254740991',
    '1.5',
    '1234567890123456.5',
    '1e20',
    '10000000000000000000',
  ])('%s is a number', (source) => {
    expect(parseJsonWithExactNumbers(source)).toBe(Number(source))
  })

  test('that stand in strings and keys are text', () => {
    const text = `{"${id}":"${id}"}`
    expect(parseJsonWithExactNumbers(text)).toEqual({ [id]: id })
  })
})

test.each(['1e400', '-1e400', '1E+999', '9'.repeat(400), '9'.repeat(1_000_000)])(
  'a number beyond the range of doubles becomes a string',
  (source) => {
    expect(parseJsonWithExactNumbers(`[${source}]`)).toEqual([source])
  },
)

test('a negative zero and a tiny number are written as what they are', () => {
  expect(stringifyJson(parseJsonWithExactNumbers('[-0,1e-400,1234567890123456789]'))).toBe('[0,0,1234567890123456789]')
})

test('a value that JSON cannot represent is refused', () => {
  const circular: { self?: unknown } = {}
  circular.self = circular
  expect(() => stringifyJson(circular)).toThrow(TypeError)
})

test('a key named __proto__ stays a key', () => {
  const text = '{"__proto__":{"a":1234567890123456789}}'
  expect(stringifyJson(parseJson(text))).toBe(text)
  expect(JSON.stringify(toRawJson(parseJsonWithExactNumbers(text)))).toBe(text)
})
