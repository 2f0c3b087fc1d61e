import {
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
  printSchema,
} from 'graphql'
import { describe, expect, test } from 'vitest'
import { schema } from '../../../src/schema/schema.ts'

/** A described element of the schema: its coordinate and its description. */
interface Described {
  readonly name: string
  readonly description: string
}

const elements = Object.values(schema.getTypeMap())
  .filter((type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type))
  .flatMap((type) => [toDescribed(type.name, type)].concat(listMembers(type)))

function listMembers(type: GraphQLNamedType): Described[] {
  if (isEnumType(type)) return type.getValues().map((value) => toDescribed(`${type.name}.${value.name}`, value))
  if (isInputObjectType(type)) {
    return Object.values(type.getFields()).map((field) => toDescribed(`${type.name}.${field.name}`, field))
  }
  if (!isObjectType(type) && !isInterfaceType(type)) return []
  return Object.values(type.getFields()).flatMap((field) => {
    const name = `${type.name}.${field.name}`
    const args = field.args.map((arg) => toDescribed(`${name}(${arg.name}:)`, arg))
    return [toDescribed(name, field)].concat(args)
  })
}

function toDescribed(name: string, element: { readonly description: string | null | undefined }): Described {
  return { name, description: element.description ?? '' }
}

function findWrong(isWrong: (description: string) => boolean): string[] {
  return elements.filter(({ description }) => isWrong(description)).map(({ name }) => name)
}

/** Generated clients have these in comments, too. */
const deprecationReasons = [...printSchema(schema).matchAll(/@deprecated\(reason: "(.*)"\)/g)].map(
  ([, reason]) => reason ?? '',
)

const splitParagraphs = (description: string): string[] => description.split('\n\n')

describe('Every type, field, argument, input field and enum value', () => {
  test('has a description', () => {
    expect(elements.length).toBeGreaterThan(300)
    expect(findWrong((description) => description.trim() === '')).toEqual([])
  })

  test('has no description with /* or */, which would end or nest the comments of generated Kotlin or Java', () => {
    expect(findWrong((description) => /\/\*|\*\//.test(description))).toEqual([])
    expect(deprecationReasons.filter((reason) => /\/\*|\*\//.test(reason))).toEqual([])
  })

  test('has a description whose paragraphs begin with a capital letter or code and end with a full stop', () => {
    expect(
      findWrong((description) => splitParagraphs(description).some((text) => !/^[A-Z`].*\.$/s.test(text))),
    ).toEqual([])
  })

  test('has no description with more than 500 characters in one paragraph', () => {
    expect(findWrong((description) => splitParagraphs(description).some(({ length }) => length > 500))).toEqual([])
  })

  test('has no description that opens or closes a comment, which Kotlin would nest', () => {
    expect(findWrong((description) => /\/\*|\*\//.test(description))).toEqual([])
  })
})
