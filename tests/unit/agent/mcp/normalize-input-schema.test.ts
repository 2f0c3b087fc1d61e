import { expect, test } from 'vitest'
import { normalizeInputSchema } from '../../../../src/agent/mcp/transport/normalize-input-schema.ts'

test.each<[string, unknown, object]>([
  ['nothing', null, {}],
  [
    'a list in place of properties, as PHP writes an empty object',
    { type: 'object', properties: [] },
    { type: 'object' },
  ],
  ['a text in place of properties', { properties: 'none', required: 'none' }, {}],
  ['required names that are no texts', { required: [1, 'a', null] }, { required: ['a'] }],
  [
    'properties without a schema',
    { properties: { a: null, b: 5, c: [], d: true, e: { type: 'string', default: null } } },
    { properties: { a: {}, b: {}, c: {}, d: true, e: { type: 'string', default: null } } },
  ],
  [
    'the same below',
    {
      properties: { list: { items: { properties: [] } }, map: { additionalProperties: [] } },
      $defs: { a: { $defs: 1 } },
    },
    { properties: { list: { items: {} }, map: { additionalProperties: {} } }, $defs: { a: {} } },
  ],
  ['lists of schemas', { items: [{ type: 'string' }, null] }, { items: [{ type: 'string' }, {}] }],
])('a schema of arguments may have %s', (_, schema, expected) => {
  expect(normalizeInputSchema(schema)).toEqual(expected)
})
