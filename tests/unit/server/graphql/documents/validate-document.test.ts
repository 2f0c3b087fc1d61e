import { parse, specifiedRules, validate } from 'graphql'
import { expect, test } from 'vitest'
import { schema } from '../../../../../src/schema/schema.ts'
import { validateDocument } from '../../../../../src/server/graphql/documents/validate-document.ts'

const repeat = (count: number, create: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => create(index)).join(' ')

/** So long that it is validated in steps. */
const longFields = repeat(600, () => '__typename')

test.each([
  ['a valid document', `{ server { version } ${longFields} }`],
  ['fields of the same name', `{ models { name: id name } ${longFields} }`],
  ['different arguments', `{ job(id: "a") { id } job(id: "b") { id } ${longFields} }`],
  [
    'fields of the same name in fragments that spread each other',
    `{ models { ...A } ${longFields} } fragment A on Model { x: id ...B } fragment B on Model { x: name ...A2 } fragment A2 on Model { id }`,
  ],
  [
    'fields of the same name in inline fragments',
    `{ models { ... on Model { x: id } ... { x: name } } ${longFields} }`,
  ],
  [
    'fields of types that exclude each other',
    `{ events(sessionId: "x") { ... on TextDelta { x: text } ... on StreamStarted { x: seq } } ${longFields} }`,
  ],
  [
    'fields of the same name in nested objects',
    `{ sessions { edges { node { id } } } sessions { edges { node { id: title } } } ${longFields} }`,
  ],
  [
    'fragments with conflicts among many',
    `{ models { ...F0 } } ${repeat(120, (index) => `fragment F${index} on Model { id ${index === 60 ? 'name: id' : 'name'} ${index < 119 ? `...F${index + 1}` : ''} }`)}`,
  ],
  ['an unknown field', `{ unknown ${longFields} }`],
  ['far too much to compare', `{ models { ${repeat(950, () => '... { id }')} } }`],
])('A long document with %s has the same errors in steps as at once', async (_, text) => {
  const document = parse(text)
  expect(document.tokenCount).toBeGreaterThan(500)
  const messages = (await validateDocument(document)).map(({ message }) => message)
  expect(messages).toEqual(
    validate(schema, document, specifiedRules, { maxErrors: 100 })
      .map(({ message }) => message)
      .slice(0, 20),
  )
})
