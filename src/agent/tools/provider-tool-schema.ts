import { isJsonObject, type Json } from '../../lib/text/json.ts'
import type { JsonObject, Tool } from './tool.ts'

/** Keywords that some providers reject at the top level of a schema, together with the whole request. */
const unsupportedKeywords = ['anyOf', 'oneOf', 'allOf', 'not', 'enum', 'if', 'then', 'else'] as const

type ToolDescription = Pick<Tool, 'description' | 'inputSchema'>

/**
 * Converts a tool to a form that every provider accepts: its schema is one object with properties. Constraints that this
 * cannot express, such as "one of two properties is required", move to the description. The tool itself checks them.
 * `rejectedKeywords` of JSON Schema are left out at any depth.
 */
export function toProviderToolSchema(
  { description, inputSchema: fullSchema }: ToolDescription,
  rejectedKeywords: readonly string[] = [],
): ToolDescription {
  const inputSchema = removeKeywords(fullSchema, rejectedKeywords)
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
    description: `${description}\n\nThe arguments must also match: ${constraints}`.trim(),
    inputSchema: schema,
  }
}

/** Keywords whose values are schemas by name: their keys are no keywords. */
const schemaMapKeywords: ReadonlySet<string> = new Set(['properties', 'patternProperties', '$defs', 'definitions'])
/** Keywords whose values are no schemas. */
const valueKeywords: ReadonlySet<string> = new Set(['enum', 'const', 'default', 'examples', 'required'])

function removeKeywords(schema: JsonObject, keywords: readonly string[]): JsonObject {
  if (keywords.length === 0) return schema
  const clean = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(clean)
    return isJsonObject(value) ? removeKeywords(value, keywords) : value
  }
  const entries = Object.entries(schema).flatMap(([keyword, value]): [string, Json][] => {
    if (keywords.includes(keyword)) return []
    if (valueKeywords.has(keyword)) return [[keyword, value]]
    if (!schemaMapKeywords.has(keyword) || !isJsonObject(value)) return [[keyword, clean(value)]]
    return [[keyword, Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, clean(inner)]))]]
  })
  return Object.fromEntries(entries)
}

/** Collects the properties that only alternatives mention, so that a model can set them. */
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
