import type { Json } from '../../model/records.ts'
import type { JsonObject, Tool } from './tool.ts'

/** What providers refuse at the top level of a schema, and with it the whole request. */
const alternatives = ['anyOf', 'oneOf', 'allOf', 'not', 'enum', 'if', 'then', 'else'] as const

type Described = Pick<Tool, 'description' | 'inputSchema'>

/**
 * A tool in a form that every provider accepts: one object with properties. What its schema says besides, such as that
 * one of two properties is needed, is told in words: the tool itself looks after it.
 */
export function offeredForm({ description, inputSchema }: Described): Described {
  const besides = alternatives.filter((keyword) => Object.hasOwn(inputSchema, keyword))
  const rest = Object.entries(inputSchema).filter(([keyword]) => !besides.some((each) => each === keyword))
  const properties = { ...propertiesOf(inputSchema, besides), ...objectOf(inputSchema['properties']) }
  const schema = { ...Object.fromEntries(rest), properties }
  if (besides.length === 0) return { description, inputSchema: schema }
  const told = JSON.stringify(Object.fromEntries(besides.map((keyword) => [keyword, inputSchema[keyword]])))
  return {
    description: `${description}\n\nThe arguments have to fit this as well: ${told}`.trim(),
    inputSchema: schema,
  }
}

/** The properties that are told of in alternatives alone, so that a model can give them. */
function propertiesOf(schema: JsonObject, besides: readonly string[]): JsonObject {
  const branches = besides.flatMap((keyword) => {
    const value = schema[keyword]
    return Array.isArray(value) ? value : keyword === 'not' ? [] : [value ?? null]
  })
  return Object.assign({}, ...branches.map((branch) => objectOf(objectOf(branch)['properties'])))
}

function objectOf(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}
