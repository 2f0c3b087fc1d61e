import {
  defaultFieldResolver,
  getNamedType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLSchema,
  isInputObjectType,
  isObjectType,
} from 'graphql'
import { createBadInputError } from '../../lib/errors.ts'

/** In UTF-16 code units. Ids, names and cursors are shorter; to look for one of megabytes takes long. */
const maxLength = 10_000

/** These can be long. They have limits of their own, or are cut. */
const longNames: ReadonlySet<string> = new Set(['answer', 'instructions', 'prompt', 'query', 'reason', 'text', 'url'])

/** Checks the value of an argument, or of a member of one. `path` leads to it. Throws BAD_USER_INPUT. */
type Check = (value: unknown, path: readonly (string | number)[]) => void

/** Refuses ids and short texts of an absurd length in arguments, before they are looked for. Changes the schema. */
export function limitArgumentLengths(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue
    for (const field of Object.values(type.getFields())) {
      const check = createMembersCheck(field.args)
      if (check) wrapResolver(field, check)
    }
  }
  return schema
}

function wrapResolver(field: GraphQLField<unknown, unknown>, check: Check): void {
  const { resolve = defaultFieldResolver, subscribe } = field
  const checked =
    (resolver: typeof resolve): typeof resolve =>
    (source, args, ...rest) => {
      check(args, [])
      return resolver(source, args, ...rest)
    }
  // The resolver of a subscription is called for each event.
  if (subscribe) field.subscribe = checked(subscribe)
  else field.resolve = checked(resolve)
}

function createMembersCheck(fields: readonly (GraphQLArgument | GraphQLInputField)[]): Check | null {
  const checks = fields.flatMap((field) => {
    const check = createCheck(field)
    return check ? [{ name: field.name, check }] : []
  })
  if (checks.length === 0) return null
  return (values, path) => {
    if (typeof values !== 'object' || values === null) return
    const members: Readonly<Record<string, unknown>> = { ...values }
    for (const { name, check } of checks) check(members[name], [...path, name])
  }
}

/** Null if the argument has nothing to check. */
function createCheck({ name, type }: GraphQLArgument | GraphQLInputField): Check | null {
  const namedType = getNamedType(type)
  if (isInputObjectType(namedType)) return checkEach(createMembersCheck(Object.values(namedType.getFields())))
  const isShort = (namedType.name === 'ID' || namedType.name === 'String') && !longNames.has(name)
  return isShort ? checkEach(assertShort) : null
}

/** Checks each item of a list, or a value that is no list. */
function checkEach(check: Check | null): Check | null {
  return (
    check &&
    ((value, path) =>
      Array.isArray(value) ? value.forEach((item, index) => check(item, [...path, index])) : check(value, path))
  )
}

function assertShort(value: unknown, path: readonly (string | number)[]): void {
  if (typeof value !== 'string' || value.length <= maxLength) return
  throw createBadInputError(`The argument ${path.join('.')} is too long. Use at most ${maxLength} characters.`, ...path)
}
