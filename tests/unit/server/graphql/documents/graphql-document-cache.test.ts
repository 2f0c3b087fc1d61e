import { parse } from 'graphql'
import { expect, test } from 'vitest'
import { GraphQLDocumentCache } from '../../../../../src/server/graphql/documents/graphql-document-cache.ts'

const createText = (index: number): string => `{ field${index} }`
const document = parse('{ field }')

test('a document is found by its exact text only', () => {
  const cache = new GraphQLDocumentCache()
  cache.add('{ a }', document)
  expect(cache.get('{ a }')).toBe(document)
  expect(cache.get('{ a } ')).toBeNull()
})

test('the 500 documents that were used last are cached', () => {
  const cache = new GraphQLDocumentCache()
  for (let index = 0; index < 500; index += 1) cache.add(createText(index), document)
  cache.get(createText(0))
  cache.add(createText(500), document)
  expect([0, 1, 2, 500].map((index) => cache.get(createText(index)) !== null)).toEqual([true, false, true, true])
})

test('a document of more than 16,384 code units is not cached', () => {
  const cache = new GraphQLDocumentCache()
  for (const length of [16_384, 16_385]) cache.add('x'.repeat(length), document)
  expect([16_384, 16_385].map((length) => cache.get('x'.repeat(length)) !== null)).toEqual([true, false])
})
