import { type ConstValueNode, GraphQLError, Kind } from 'graphql'
import { type Json, parseExactNumber, prototypeKey } from '../lib/text/json.ts'

const maxDepth = 100 // levels

/** Coerces the value of a variable of the scalar JSON: a copy with well-formed strings. */
export function coerceJsonScalarVariable(value: unknown): Json {
  return toJson(value, maxDepth)
}

/** Coerces a literal of the scalar JSON in a document. Integers keep all their digits, as in variables. */
export function coerceJsonLiteral(node: ConstValueNode): Json {
  return toJson(readLiteral(node, maxDepth), maxDepth)
}

function readLiteral(node: ConstValueNode, depthLimit: number): unknown {
  if (depthLimit < 0) throw createTooDeepError()
  switch (node.kind) {
    case Kind.NULL:
      return null
    case Kind.INT:
    case Kind.FLOAT:
      return parseExactNumber(node.value)
    case Kind.LIST:
      return node.values.map((item) => readLiteral(item, depthLimit - 1))
    case Kind.OBJECT:
      return Object.fromEntries(node.fields.map(({ name, value }) => [name.value, readLiteral(value, depthLimit - 1)]))
    case Kind.STRING:
    case Kind.BOOLEAN:
    case Kind.ENUM:
      return node.value
  }
}

function toJson(value: unknown, depthLimit: number): Json {
  if (typeof value === 'string') return value.toWellFormed()
  if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'bigint')
    return value
  if (typeof value !== 'object') throw new GraphQLError('Only JSON values are allowed.')
  if (depthLimit === 0) throw createTooDeepError()
  if (Array.isArray(value)) return value.map((item) => toJson(item, depthLimit - 1))
  if (Object.hasOwn(value, prototypeKey))
    throw new GraphQLError(`The key ${prototypeKey} is not allowed. Leave it out.`)
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key.toWellFormed(), toJson(item, depthLimit - 1)]),
  )
}

function createTooDeepError(): GraphQLError {
  return new GraphQLError(`The JSON value is nested too deeply. Send at most ${maxDepth} levels.`)
}
