import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  buildSchema,
  concatAST,
  type GraphQLSchema,
  lexicographicSortSchema,
  parse,
  printSchema,
  validate,
} from 'graphql'
import { describe, expect, test } from 'vitest'
import { schema as served } from '../../../src/schema/schema.ts'
import { findUnrequested, findUndescribed } from '../support/coverage.ts'

describe('schema.graphql', () => {
  const schema = buildSchema(readFileSync(join(import.meta.dirname, '..', '..', '..', 'schema.graphql'), 'utf8'))
  const folder = join(import.meta.dirname, '..', 'operations')
  const document = concatAST(readdirSync(folder).map((file) => parse(readFileSync(join(folder, file), 'utf8'))))

  test('matches the operations of the tests', () => {
    expect(validate(schema, document)).toEqual([])
  })

  test('has every field, argument, input field and enum value in an operation', () => {
    expect(findUnrequested(schema, document)).toEqual([])
  })

  test('has a description on everything', () => {
    expect(findUndescribed(schema)).toEqual([])
  })

  test('is the schema that the server serves', () => {
    const printed = (of: GraphQLSchema) => printSchema(lexicographicSortSchema(of))
    expect(printed(schema)).toEqual(printed(served))
  })
})

describe('The list of uncovered coordinates', () => {
  const schema = buildSchema(`
    type Query { pet(name: String!, tame: Boolean): Pet, pets(filter: Filter): [Pet!]!, any: Any }
    interface Pet { name: String!, kind: Kind! }
    type Cat implements Pet { name: String!, kind: Kind!, lives: Int! }
    type Dog implements Pet { name: String!, kind: Kind!, friend(n: Int): Pet }
    union Any = Cat | Dog
    input Filter { kind: Kind, size: Size, not: Filter }
    enum Kind { CAT DOG }
    enum Size { SMALL LARGE }
    enum Unused { NEVER }
  `)
  const document = `
    query ($name: String!) {
      pet(name: $name, tame: true) { name kind ... on Cat { lives } ... on Dog { friend(n: 1) { name } } }
      pets(filter: { kind: CAT, size: SMALL, not: { kind: DOG, size: LARGE } }) { name }
      any { __typename }
    }`
  const without = (selection: string) => {
    expect(document).toContain(selection)
    return findUnrequested(schema, parse(document.replace(selection, '')))
  }

  test('is empty when everything is covered', () => {
    expect(validate(schema, parse(document))).toEqual([])
    expect(findUnrequested(schema, parse(document))).toEqual([])
  })

  test.each([
    ['... on Cat { lives }', ['Cat.lives']],
    ['(n: 1)', ['Dog.friend(n:)']],
    [', tame: true', ['Query.pet(tame:)']],
    ['any { __typename }', ['Query.any']],
    ['kind ', ['Pet.kind', 'Cat.kind', 'Dog.kind']],
    ['size: SMALL, ', ['Size.SMALL']],
    [', not: { kind: DOG, size: LARGE }', ['Filter.not', 'Kind.DOG', 'Size.LARGE']],
    [
      '(filter: { kind: CAT, size: SMALL, not: { kind: DOG, size: LARGE } })',
      [
        'Query.pets(filter:)',
        'Filter.kind',
        'Filter.size',
        'Filter.not',
        'Kind.CAT',
        'Kind.DOG',
        'Size.SMALL',
        'Size.LARGE',
      ],
    ],
  ])('names %s when it is left out', (selection, names) => {
    expect(without(selection).toSorted()).toEqual(names.toSorted())
  })

  test('names a field of an interface that is requested only on another type', () => {
    const unrequested = findUnrequested(schema, parse('{ any { ... on Cat { name kind } } }'))
    expect(unrequested).toContain('Dog.name')
    expect(unrequested).toContain('Pet.name')
    expect(unrequested).not.toContain('Cat.name')
  })
})

test('Every kind of element without a description is named', () => {
  const described = buildSchema(`
    "Q" type Query { "A" a("B" b: Int): Any, "N" n: Node }
    "N" interface Node { "I" id: ID! }
    "T" type T implements Node { "I" id: ID! }
    "U" union Any = T
    "I" input Input { "X" x: E }
    "E" enum E { "V" V }
    "S" scalar S
  `)
  expect(findUndescribed(described)).toEqual([])
  const bare = buildSchema(`
    type Query { a(b: Int): Any, n: Node }
    interface Node { id: ID! }
    " " type T implements Node { "" id: ID! }
    union Any = T
    input Input { x: E }
    enum E { V }
    scalar S
  `)
  const names = [
    'Query',
    'Query.a',
    'Query.a(b:)',
    'Query.n',
    'Node',
    'Node.id',
    'T',
    'T.id',
    'Any',
    'Input',
    'Input.x',
  ]
  expect(findUndescribed(bare).toSorted()).toEqual([...names, 'E', 'E.V', 'S'].toSorted())
})
