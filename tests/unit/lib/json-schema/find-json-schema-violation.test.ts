import { expect, test } from 'vitest'
import { findJsonSchemaViolation } from '../../../../src/lib/json-schema/find-json-schema-violation.ts'
import type { Json, JsonObject } from '../../../../src/lib/text/json.ts'

const findError = (schema: JsonObject, value: Json) => findJsonSchemaViolation(schema, value, 'values')

const person: JsonObject = {
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 1 },
    age: { type: 'integer', minimum: 0 },
    size: { type: 'string', enum: ['S', 'L'], enumNames: ['small', 'large'] },
    mail: { type: 'string', format: 'email' },
    born: { type: 'string', format: 'date' },
    other: { type: 'string', format: 'made-up' },
  },
  required: ['name'],
  additionalProperties: false,
}

test('A value that the schema allows has no error', () => {
  const value = { name: 'Ann', age: 3, size: 'L', mail: 'ann@example.org', born: '2020-02-29', other: 'x' }
  expect(findError(person, value)).toBeNull()
  expect(findError({}, { anything: [null] })).toBeNull()
})

test.each([
  ['a missing property', {}, "values must have required property 'name'"],
  ['another type', { name: 7 }, 'values/name must be string'],
  ['a number with a fraction', { name: 'A', age: 1.5 }, 'values/age must be integer'],
  ['none of the choices', { name: 'A', size: 'M' }, 'values/size must be equal to one of the allowed values: "S", "L"'],
  ['another format', { name: 'A', mail: 'nobody' }, 'values/mail must match format "email"'],
  ['a date that does not exist', { name: 'A', born: '2021-02-29' }, 'values/born must match format "date"'],
  ['an unknown property', { name: 'A', 'x\u202e': 1 }, 'values must NOT have additional properties: x\\u202e'],
  ['a value of another type', 'Ann', 'values must be object'],
])('The error names %s', (_, value, error) => {
  expect(findError(person, value)).toBe(error)
})

test('An integer beyond 2^53 is an integer', () => {
  const schema = { type: 'object', properties: { id: { type: 'integer' } } }
  expect(findError(schema, { id: 12345678901234567890n })).toBeNull()
})

test('Schemas of older drafts and from lenient generators are understood', () => {
  const draft7 = { $schema: 'http://json-schema.org/draft-07/schema#', items: [{ type: 'string' }], $id: 'x' }
  expect(findError(draft7, [1])).toBe('values/0 must be string')
  expect(findError(draft7, [1])).toBe('values/0 must be string')
  expect(findError({ items: [{ type: 'string' }] }, [1])).toBe('values/0 must be string')
  expect(findError({ $defs: { a: { type: 'null' } }, $ref: '#/$defs/a' }, 1)).toBe('values must be null')
  expect(findError({ pattern: '^[a\\-z]+$' }, 'B')).toBe('values must match pattern "^[a\\-z]+$"')
})

test('A schema that no draft allows permits every value', () => {
  expect(findError({ $ref: '#/$defs/missing' }, 1)).toBeNull()
  expect(findError({ type: 'no-type' }, 1)).toBeNull()
  expect(findError({ pattern: '(' }, 'a')).toBeNull()
})

test('An invalid pattern costs only itself', () => {
  const schema = { properties: { a: { type: 'string', pattern: '(' }, b: { type: 'string', pattern: '^b' } } }
  expect(findError(schema, { a: 'x', b: 'b' })).toBeNull()
  expect(findError(schema, { a: 5 })).toBe('values/a must be string')
  expect(findError(schema, { a: 'x', b: 'a' })).toBe('values/b must match pattern "^b"')
})

test('A pattern that would take for ever permits the text, and the other keywords still count', () => {
  const text = `${'a'.repeat(60)}!`
  const schema = { type: 'array', maxItems: 50, items: { pattern: '^(a+)+$' } }
  const startedAt = performance.now()
  expect(
    findError(
      schema,
      Array.from({ length: 50 }, () => text),
    ),
  ).toBeNull()
  expect(
    findError(
      schema,
      Array.from({ length: 51 }, () => text),
    ),
  ).toBe('values must NOT have more than 50 items')
  expect(performance.now() - startedAt).toBeLessThan(5000)
})

test('A definition that has no end permits every value', () => {
  expect(findError({ allOf: [{ $ref: '#' }] }, 1)).toBeNull()
})
