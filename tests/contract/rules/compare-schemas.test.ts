import { buildSchema } from 'graphql'
import { expect, test } from 'vitest'
import { compareSchemas } from '../../../scripts/contract/compare-schemas.ts'

const contract = `
  interface Node { id: ID! }
  type Chat implements Node { id: ID!, title: String, pages(first: Int = 10, after: String): [Int!]! }
  input ChatInput { title: String!, color: Color = RED }
  enum Color { RED BLUE }
  union Part = Chat | Page
  type Page { chat: Chat }
  type Query { chat(id: ID!): Chat, node(id: ID!): Node }
`

function compareWith(...replacements: [string, string][]): string[] {
  const sdl = replacements.reduce((text, [from, to]) => text.replace(from, to), contract)
  return compareSchemas(buildSchema(sdl), buildSchema(contract))
}

test('A schema that equals the contract has no differences', () => {
  expect(compareWith()).toEqual([])
})

test('A schema may have more types, fields, optional inputs and enum values than the contract', () => {
  expect(
    compareWith(
      ['title: String,', 'title: String, length: Int,'],
      ['after: String', 'after: String, before: String'],
      ['title: String!,', 'title: String!, tag: String, size: Int! = 1,'],
      ['RED BLUE', 'RED BLUE GREEN'],
      ['type Page', 'type Extra { x: Int } type Page'],
    ),
  ).toEqual([])
})

const differences: [string, [string, string][], string][] = [
  [
    'a missing type',
    [
      ['Chat | Page', 'Chat'],
      ['type Page { chat: Chat }', ''],
    ],
    'Page',
  ],
  ['a missing field', [['title: String,', '']], 'Chat.title'],
  ['a missing argument', [[', after: String', '']], 'Chat.pages(after:)'],
  ['a missing input field', [['title: String!,', '']], 'ChatInput.title'],
  ['a missing enum value', [['RED BLUE', 'RED']], 'Color.BLUE'],
  ['a missing interface', [['Chat implements Node', 'Chat']], 'Chat implements Node'],
  ['a missing member of a union', [['Chat | Page', 'Chat']], 'Part = Page'],
  ['another nullability', [['title: String,', 'title: String!,']], 'Chat.title: is String! instead of String'],
  ['another type', [['[Int!]!', '[Int]!']], 'Chat.pages: is [Int]! instead of [Int!]!'],
  ['another default', [['= 10', '= 20']], 'Chat.pages(first:): is Int = 20 instead of Int = 10'],
  ['another kind of type', [['enum Color { RED BLUE }', 'scalar Color']], 'Color: is of another kind'],
  [
    'a required argument that the contract does not have',
    [['after: String', 'after: String, size: Int!']],
    'Chat.pages(size:): is required, but not in the contract',
  ],
]

test.each(differences)('The comparison reports %s', (_, replacements, expected) => {
  expect(compareWith(...replacements)).toContain(expected)
})
