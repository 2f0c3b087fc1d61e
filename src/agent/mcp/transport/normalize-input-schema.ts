type JsonRecord = Readonly<Record<string, unknown>>

/** Keywords whose values are schemas by name. */
const schemaMapKeywords: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  '$defs',
  'definitions',
  'dependentSchemas',
])
/** Keywords whose values are schemas. */
const schemaKeywords: ReadonlySet<string> = new Set(['items', 'additionalProperties'])

/**
 * Repairs the schema of a tool's arguments where the AI SDK's client rejects it, and with it all tools of the server, or a
 * provider the whole request: servers in PHP send `[]` for an empty object, others a value that is no schema. What cannot be
 * read permits everything.
 */
export function normalizeInputSchema(schema: unknown): JsonRecord {
  if (!isRecord(schema)) return {}
  return Object.fromEntries(
    Object.entries(schema).flatMap(([keyword, value]): [string, unknown][] => {
      if (schemaMapKeywords.has(keyword)) return isRecord(value) ? [[keyword, normalizeSchemas(value)]] : []
      if (keyword === 'required') return toNames(value).length > 0 ? [[keyword, toNames(value)]] : []
      return [[keyword, schemaKeywords.has(keyword) ? normalizeSchema(value) : value]]
    }),
  )
}

function normalizeSchemas(schemas: JsonRecord): JsonRecord {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, normalizeSchema(schema)]))
}

function normalizeSchema(value: unknown): unknown {
  // In older drafts, a list has the schema of each item.
  if (Array.isArray(value) && value.length > 0) return value.map(normalizeSchema)
  return typeof value === 'boolean' ? value : normalizeInputSchema(value)
}

function toNames(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((name) => typeof name === 'string') : []
}

function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
