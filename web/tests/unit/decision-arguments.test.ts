import { expect, test } from 'vitest'
import { createToolCall } from '../../../src/model/tool-call.ts'
import { readPattern } from '../../src/decisions/approval/pattern-draft.ts'
import { readArgumentEdit, toEditedArguments } from '../../src/decisions/arguments/argument-edit.ts'
import { revealHiddenCharacters } from '../../src/decisions/arguments/reveal-hidden-characters.ts'
import { readToolArguments, toSendableArguments } from '../../src/decisions/arguments/tool-arguments.ts'
import { toFormFields } from '../../src/decisions/form/form-field.ts'
import { readFormValues } from '../../src/decisions/form/read-form-values.ts'

const newCall = (argumentsText: string) => ({ ...createToolCall('call', 'tool'), argumentsText, argumentsWhole: true })

test('what could mislead whoever reads a text is shown as escapes', () => {
  expect(revealHiddenCharacters('a\u202eb\u200bc\u0000d\u{e0041}')).toBe('a\\u202eb\\u200bc\\u0000d\\u{e0041}')
  expect(revealHiddenCharacters('line\n\ttab ü 👩‍👧')).toBe('line\n\ttab ü 👩‍👧')
})

test('an edit that changes nothing is none, and integers keep their digits', () => {
  const call = newCall('{"size": 12345678901234567890, "name": "a"}')
  const original = readToolArguments(call)
  const read = (draft: Record<string, string>) =>
    toEditedArguments(call, original, readArgumentEdit(call, original, { arguments: 'fields', ...draft }))
  expect(read({})).toBe(null)
  expect(read({ 'argument:name': 'b' })).toEqual({ size: 12345678901234567890n, name: 'b' })
  const sent = toSendableArguments(read({ 'argument:size': '12345678901234567891' }) ?? {})
  expect(JSON.stringify(sent)).toBe('{"size":12345678901234567891,"name":"a"}')
  expect(read({ 'argument:size': 'many' })).toBe(null)
})

test('a pattern names what was ticked: at first, the first argument', () => {
  const values = { path: 'notes/a', force: true }
  expect(readPattern(values, {}).pattern).toBe(null)
  expect(readPattern(values, { pattern: 'some' }).pattern).toEqual({ path: 'notes/a' })
  const draft = { pattern: 'some', 'pattern:path': 'notes/*', 'pattern.named:force': 'true' }
  expect(readPattern(values, draft).pattern).toEqual({ path: 'notes/*', force: true })
  expect(readPattern(values, { pattern: 'some', 'pattern.named:path': 'false' })).toMatchObject({
    pattern: null,
    isEmpty: true,
  })
})

test('a form has the defaults of its schema, and leaves out what was not entered', () => {
  const fields = toFormFields({
    type: 'object',
    properties: {
      city: { type: 'string', default: 'Oslo' },
      class: {
        oneOf: [
          { const: 1, title: 'First' },
          { const: 2, title: 'Second' },
        ],
        default: 2,
      },
      days: { type: 'array', items: { enum: ['sa', 'su'] }, minItems: 1, default: ['su'] },
      note: { type: 'string' },
      count: { type: 'number', maximum: 5 },
    },
    required: ['city', 'count'],
  })
  expect(readFormValues(fields, {}).errors).toEqual(new Map([['count', 'This is needed.']]))
  expect(readFormValues(fields, { 'value:count': '5.5' }).errors).toEqual(new Map([['count', 'At most 5.']]))
  expect(readFormValues(fields, { 'value:count': '4.5' }).values).toEqual({
    city: 'Oslo',
    class: 2,
    days: ['su'],
    count: 4.5,
  })
})
