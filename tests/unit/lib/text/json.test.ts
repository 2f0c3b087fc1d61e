import { describe, expect, test } from 'vitest'
import { isJsonObject, parseJson, parseJsonOrNull, toWellFormedJson } from '../../../../src/lib/text/json.ts'

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
  expect(() => toWellFormedJson([[['deep']]], 2)).toThrow(RangeError)
})
