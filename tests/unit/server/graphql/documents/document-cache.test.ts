import { parse } from 'graphql'
import { expect, test } from 'vitest'
import { DocumentCache } from '../../../../../src/server/graphql/documents/document-cache.ts'

const textOf = (index: number): string => `{ field${index} }`
const document = parse('{ field }')

test('a document is known by its very text', () => {
  const documents = new DocumentCache()
  documents.add('{ a }', document)
  expect(documents.get('{ a }')).toBe(document)
  expect(documents.get('{ a } ')).toBeNull()
})

test('500 are known, those that were asked for last', () => {
  const documents = new DocumentCache()
  for (let index = 0; index < 500; index += 1) documents.add(textOf(index), document)
  documents.get(textOf(0))
  documents.add(textOf(500), document)
  expect([0, 1, 2, 500].map((index) => documents.get(textOf(index)) !== null)).toEqual([true, false, true, true])
})

test('what is very long is not kept', () => {
  const documents = new DocumentCache()
  for (const length of [16_384, 16_385]) documents.add('x'.repeat(length), document)
  expect([16_384, 16_385].map((length) => documents.get('x'.repeat(length)) !== null)).toEqual([true, false])
})
