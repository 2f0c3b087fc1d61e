import type { Json } from '../../lib/json.ts'
import type { JsonObject, Tool } from './tool.ts'

/** What providers refuse at the top level of a schema, and with it the whole request. */
const unsupportedKeywords = ['anyOf', 'oneOf', 'allOf', 'not', 'enum', 'if', 'then', 'else'] as const

type ToolDescription = Pick<Tool, 'description' | 'inputSchema'>

/**
 * A tool in a form that every provider accepts: one object with properties. What its schema says besides, such as that
 * one of two properties is needed, is told in words: the tool itself looks after it.
 */
export function toProviderToolSchema({ description, inputSchema }: ToolDescription): ToolDescription {
  const removedKeywords = unsupportedKeywords.filter((keyword) => Object.hasOwn(inputSchema, keyword))
  const rest = Object.entries(inputSchema).filter(([keyword]) => !removedKeywords.some((each) => each === keyword))
  const properties = {
    ...collectAlternativeProperties(inputSchema, removedKeywords),
    ...asObject(inputSchema['properties']),
  }
  const schema = { ...Object.fromEntries(rest), properties }
  if (removedKeywords.length === 0) return { description, inputSchema: schema }
  const constraints = JSON.stringify(
    Object.fromEntries(removedKeywords.map((keyword) => [keyword, inputSchema[keyword]])),
  )
  return {
    description: `${description}\n\nThe arguments have to fit this as well: ${constraints}`.trim(),
    inputSchema: schema,
  }
}

/** The properties that are told of in alternatives alone, so that a model can give them. */
function collectAlternativeProperties(schema: JsonObject, removedKeywords: readonly string[]): JsonObject {
  const branches = removedKeywords.flatMap((keyword) => {
    const value = schema[keyword]
    return Array.isArray(value) ? value : keyword === 'not' ? [] : [value ?? null]
  })
  return Object.assign({}, ...branches.map((branch) => asObject(asObject(branch)['properties'])))
}

function asObject(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}
