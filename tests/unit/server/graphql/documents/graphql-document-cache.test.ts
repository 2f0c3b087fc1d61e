import { parse } from 'graphql'
import { expect, test } from 'vitest'
import { defaultLimits } from '../../../../../src/config/limits.ts'
import { GraphQLDocumentCache } from '../../../../../src/server/graphql/documents/graphql-document-cache.ts'

const createText = (index: number): string => `{ field${index} }`
const document = parse('{ field }')
const limits = defaultLimits

test('a document is found by its exact text only', () => {
  const cache = new GraphQLDocumentCache()
  cache.add('{ a }', document, limits)
  expect(cache.get('{ a }', limits)).toBe(document)
  expect(cache.get('{ a } ', limits)).toBeNull()
})

test('the 500 documents that were used last are cached', () => {
  const cache = new GraphQLDocumentCache()
  for (let index = 0; index < 500; index += 1) cache.add(createText(index), document, limits)
  cache.get(createText(0), limits)
  cache.add(createText(500), document, limits)
  expect([0, 1, 2, 500].map((index) => cache.get(createText(index), limits) !== null, limits)).toEqual([
    true,
    false,
    true,
    true,
  ])
})

test('a document of more than 16,384 code units is not cached', () => {
  const cache = new GraphQLDocumentCache()
  for (const length of [16_384, 16_385]) cache.add('x'.repeat(length), document, limits)
  expect([16_384, 16_385].map((length) => cache.get('x'.repeat(length), limits) !== null, limits)).toEqual([
    true,
    false,
  ])
})

test('a document that was checked against other limits is not found', () => {
  const cache = new GraphQLDocumentCache()
  cache.add('{ a }', document, limits)
  expect(cache.get('{ a }', { ...limits, depth: 1 })).toBeNull()
})
