import type { ListToolsResult, MCPClient } from '@ai-sdk/mcp'
import { z } from 'zod'
import type { Json } from '../../lib/text/json.ts'
import type { JsonObject } from '../tools/tool.ts'
import { restoreMcpIntegersAsDoubles } from './transport/big-integer-marker.ts'
import { McpFailureError } from './transport/mcp-failure-error.ts'

/** A tool as its server describes it. */
export interface ListedMcpTool {
  readonly name: string
  readonly description: string
  /** Null: the input is not an object, so that no model can call the tool. */
  readonly inputSchema: JsonObject | null
  readonly isReadOnly: boolean
}

/** No model is offered so many. */
const maxTools = 10_000

/** Lists all tools of a server, from all pages, except those that only run as background tasks. */
export async function listMcpTools(client: MCPClient, signal: AbortSignal): Promise<ListedMcpTool[]> {
  if (!client.initializeResult.capabilities.tools) return []
  const tools: ListedMcpTool[] = []
  const seenCursors = new Set<string>()
  let cursor: string | undefined
  do {
    const page = await client.listTools({ options: { signal }, ...(cursor !== undefined && { params: { cursor } }) })
    tools.push(...page.tools.filter((tool) => !requiresTask(tool)).map(toListedTool))
    cursor = page.nextCursor || undefined
    if (cursor !== undefined && seenCursors.has(cursor)) throw new McpFailureError({ kind: 'tool-list-loop' })
    if (tools.length > maxTools) throw new McpFailureError({ kind: 'tool-list-too-long', maxTools })
    seenCursors.add(cursor ?? '')
  } while (cursor !== undefined)
  return tools
}

type McpTool = ListToolsResult['tools'][number]

const taskOnlySchema = z.object({ execution: z.object({ taskSupport: z.literal('required') }) })
const requiresTask = (tool: McpTool): boolean => taskOnlySchema.safeParse(tool).success

function toListedTool({ name, description = '', inputSchema, annotations }: McpTool): ListedMcpTool {
  return { name, description, inputSchema: toObjectSchema(inputSchema), isReadOnly: annotations?.readOnlyHint === true }
}

const jsonObjectSchema = z.record(z.string(), z.json())

/** Schemas are computed with, so their big integers are rounded. */
function toRoundedSchema(schema: { [key: string]: Json }): JsonObject {
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, restoreMcpIntegersAsDoubles(value)]))
}

/** Adds what many servers leave out: that the input is an object, and that it may have no properties. */
function toObjectSchema({ type = 'object', ...rest }: McpTool['inputSchema']): JsonObject | null {
  const isObject = type === 'object' || (Array.isArray(type) && type.includes('object'))
  const schema = jsonObjectSchema.safeParse({ ...rest, type: 'object', properties: rest.properties ?? {} })
  return isObject && schema.success ? toRoundedSchema(schema.data) : null
}
