import { parseConstValue } from 'graphql'
import { describe, expect, test } from 'vitest'
import { stringifyJson } from '../../../src/lib/text/json.ts'
import { coerceJsonLiteral, coerceJsonScalarVariable } from '../../../src/schema/coerce-json.ts'

const id = '1234567890123456789'
const nest = (levels: number): string => `${'['.repeat(levels)}1${']'.repeat(levels)}`

describe('a literal of the scalar JSON', () => {
  test('keeps the digits of its integers', () => {
    expect(coerceJsonLiteral(parseConstValue(`{a: [${id}, -${id}, 1.5, true, null, "x", RED]}`))).toEqual({
      a: [BigInt(id), -BigInt(id), 1.5, true, null, 'x', 'RED'],
    })
  })

  test('with a number beyond the range of doubles is harmless', () => {
    expect(coerceJsonLiteral(parseConstValue('[1e400, -0]'))).toEqual(['1e400', -0])
  })

  test('may have 100 levels', () => {
    expect(stringifyJson(coerceJsonLiteral(parseConstValue(nest(100))))).toBe(nest(100))
    expect(() => coerceJsonLiteral(parseConstValue(nest(101)))).toThrow('nested too deeply')
  })
})

describe('a variable of the scalar JSON', () => {
  test('is copied with well-formed strings', () => {
    expect(coerceJsonScalarVariable({ 'a\ud83d': [BigInt(id), '\ude00'] })).toEqual({
      'a\ufffd': [BigInt(id), '\ufffd'],
    })
  })

  test('may have 100 levels', () => {
    expect(coerceJsonScalarVariable(JSON.parse(nest(100)))).toEqual(JSON.parse(nest(100)))
    expect(() => coerceJsonScalarVariable(JSON.parse(nest(101)))).toThrow('nested too deeply')
  })

  test('cannot be anything else', () => {
    expect(() => coerceJsonScalarVariable([() => 1])).toThrow('Only JSON values')
  })
})

test('the key __proto__ is refused: it would get lost on its way to a tool', () => {
  expect(() => coerceJsonScalarVariable(JSON.parse('[{"__proto__": 1}]'))).toThrow('__proto__ is not allowed')
  expect(() => coerceJsonLiteral(parseConstValue('{a: {__proto__: 1}}'))).toThrow('__proto__ is not allowed')
  expect(coerceJsonScalarVariable({ constructor: 1 })).toEqual({ constructor: 1 })
})
