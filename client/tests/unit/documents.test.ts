import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { buildSchema, type DocumentNode, parse, print, validate } from 'graphql'
import { describe, expect, test } from 'vitest'
import * as aiSdkDocuments from '../../src/ai-sdk/chat-session-documents.ts'
import * as commandDocuments from '../../src/commands/command-documents.ts'
import * as listDocuments from '../../src/lists/conversation-documents.ts'
import * as chatDocuments from '../../src/live-chat/live-chat-documents.ts'
import * as documents from '../../src/wire/documents.ts'
import { printDocument } from '../../src/wire/print-document.ts'
import { clientBundle } from '../../../scripts/build/build-client.ts'
import * as generatedDocuments from '../../../tests/contract/generated/graphql.ts'

const client = join(import.meta.dirname, '..', '..')
const root = join(client, '..')
const schema = buildSchema(readFileSync(join(root, 'schema.graphql'), 'utf8'))

const isDocument = (value: unknown): value is DocumentNode =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'Document'

describe('the documents of the library', () => {
  const texts = Object.entries({ ...documents, ...listDocuments, ...commandDocuments }).flatMap(([name, value]) =>
    name.endsWith('Document') && typeof value === 'string' ? [[name, value] as const] : [],
  )

  test.each(texts)('%s is valid', (_, text) => {
    expect(validate(schema, parse(text))).toEqual([])
  })

  test.each([
    ['wire/documents.ts', documents],
    ['commands/command-documents.ts', commandDocuments],
    ['lists/conversation-documents.ts', listDocuments],
    ['live-chat/live-chat-documents.ts', chatDocuments],
    ['ai-sdk/chat-session-documents.ts', aiSdkDocuments],
  ])('those of %s mean the same in the built package, and are shorter', async (file, source) => {
    const { outputFiles } = await build({ ...clientBundle, entryPoints: [join(client, 'src', file)], write: false })
    const built = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0]?.text ?? '')}`)
    for (const [name, text] of Object.entries<unknown>(source)) {
      if (typeof text !== 'string' || !name.endsWith('Document')) continue
      expect(print(parse(built[name]))).toBe(print(parse(text)))
      expect(built[name].length).toBeLessThan(text.length)
    }
  })
})

describe('a parsed document is sent as text', () => {
  const generated = Object.values(generatedDocuments).filter(isDocument)
  const samples = [
    'query Q($a: [Int!]! = [1, 2], $b: String = "x\\"\\n", $c: T = {a: 1.5, b: null, c: [E]}) @d(if: true) { f }',
    '{ a: b(c: $d, e: "f") @include(if: $g) @skip(if: false) { ... on H @i { j } ...K ... { l } } }',
    'fragment F on G @h { i(b: """block text""") }',
    'mutation { a }',
    'subscription S { a { b } }',
  ]

  test('that means the same, whatever it contains', () => {
    expect(generated.length).toBeGreaterThan(30)
    for (const document of [...generated, ...samples.map((sample) => parse(sample))]) {
      // A block string is the same value as its line.
      const normalized = print(document).replaceAll(/"""(.*)"""/gs, (_, value: string) => JSON.stringify(value.trim()))
      expect(print(parse(printDocument(document)))).toBe(print(parse(normalized)))
    }
  })

  test('what is no document is a TypeError', () => {
    expect(() => printDocument({})).toThrow(TypeError)
    expect(() => printDocument(buildSchema('type Query { a: Int }'))).toThrow(TypeError)
    expect(() => printDocument(parse('type A { b: Int }'))).toThrow('A document for a request cannot contain')
  })
})
