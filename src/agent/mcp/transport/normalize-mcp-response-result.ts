import { z } from 'zod'
import { normalizeInputSchema } from './normalize-input-schema.ts'

/**
 * The type of a part of a result's content that has the server's own part in `part`. The client rejects a result for one
 * part that it finds invalid, and with it all texts; it does not look into parts of other types.
 */
export const wrappedMcpContentType = 'segue:content'

type JsonRecord = Readonly<Record<string, unknown>>

/**
 * Normalises the result of a response, because the AI SDK's client rejects all of a result for one value that it does not
 * expect: keys with null, a tool without an input schema, a server without a version. Tools without a name are left out.
 */
export function normalizeMcpResponseResult(result: unknown): unknown {
  if (!isRecord(result)) return result
  const { tools, content, capabilities } = result
  const normalized = omitNull(result, ['structuredContent'])
  if (isRecord(capabilities)) return normalizeServerDescription(normalized)
  return {
    ...normalized,
    ...(Array.isArray(tools) && { tools: tools.flatMap(normalizeTool) }),
    ...(isToolResult(result) && { content: toList(content).map(normalizeContentPart) }),
  }
}

function isToolResult({ content, structuredContent, isError }: JsonRecord): boolean {
  return [content, structuredContent, isError].some((value) => value !== undefined)
}

/** Some servers send a single text, or nothing beside structured content. */
function toList(content: unknown): readonly unknown[] {
  if (content === undefined || content === null) return []
  return Array.isArray(content) ? content : [content]
}

/** Normalises the result of `initialize` or `server/discover`. */
function normalizeServerDescription({ capabilities, serverInfo, instructions, ...rest }: JsonRecord): JsonRecord {
  const { name, version, ...info } = isRecord(serverInfo) ? omitNull(serverInfo) : {}
  return {
    ...rest,
    capabilities: omitNullDeeply(capabilities),
    serverInfo: { ...info, name: toText(name), version: toText(version) },
    ...(typeof instructions === 'string' && { instructions }),
  }
}

const toText = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '')

/** The optional keys of a tool, with the types that the client accepts. */
const optionalToolKeys: Readonly<Record<string, z.ZodType>> = {
  title: z.string(),
  description: z.string(),
  outputSchema: z.looseObject({}),
  annotations: z.looseObject({}),
  _meta: z.looseObject({}),
}

const hintSchema = z.union([z.string(), z.boolean()])

function normalizeTool(tool: unknown): JsonRecord[] {
  if (!isRecord(tool) || typeof tool['name'] !== 'string') return []
  const entries = Object.entries(tool).filter(([key, value]) => optionalToolKeys[key]?.safeParse(value).success ?? true)
  const { inputSchema, annotations, ...rest } = Object.fromEntries(entries)
  return [
    {
      ...rest,
      inputSchema: normalizeInputSchema(inputSchema),
      ...(isRecord(annotations) && {
        annotations: Object.fromEntries(
          Object.entries(annotations).filter(([, value]) => hintSchema.safeParse(value).success),
        ),
      }),
    },
  ]
}

/** Whatever is not a plain text is wrapped. See `wrappedMcpContentType`. */
function normalizeContentPart(value: unknown): unknown {
  if (!isRecord(value)) return { type: wrappedMcpContentType, part: value }
  const { resource, ...rest } = omitNull(value)
  const part = resource === undefined ? rest : { ...rest, resource: isRecord(resource) ? omitNull(resource) : resource }
  return part['type'] === 'text' && typeof part['text'] === 'string' ? part : { type: wrappedMcpContentType, part }
}

function omitNull(record: JsonRecord, keptKeys: readonly string[] = []): JsonRecord {
  return Object.fromEntries(Object.entries(record).filter(([key, value]) => value !== null || keptKeys.includes(key)))
}

function omitNullDeeply(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => item !== null)
  if (!isRecord(value)) return value
  return Object.fromEntries(Object.entries(omitNull(value)).map(([key, inner]) => [key, omitNullDeeply(inner)]))
}

function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
