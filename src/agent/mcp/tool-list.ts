import type { ListToolsResult, MCPClient } from '@ai-sdk/mcp'
import { z } from 'zod'
import type { JsonObject } from '../tools/tool.ts'

/** A tool as its server describes it. */
export interface ListedTool {
  readonly name: string
  readonly description: string
  /** Null: it takes no object, so that no model could call it. */
  readonly inputSchema: JsonObject | null
  readonly isReadOnly: boolean
}

/** All tools of a server, from all pages, without those that only run in the background, which nothing here does. */
export async function listTools(client: MCPClient, signal: AbortSignal): Promise<ListedTool[]> {
  if (!client.initializeResult.capabilities.tools) return []
  const tools: ListedTool[] = []
  const seenCursors = new Set<string>()
  let cursor: string | undefined
  do {
    const page = await client.listTools({ options: { signal }, ...(cursor !== undefined && { params: { cursor } }) })
    tools.push(...page.tools.filter((tool) => !runsAsTask(tool)).map(toListedTool))
    cursor = page.nextCursor || undefined
    if (cursor !== undefined && seenCursors.has(cursor))
      throw new Error('the pages of its list of tools go round in a circle')
    seenCursors.add(cursor ?? '')
  } while (cursor !== undefined)
  return tools
}

type McpTool = ListToolsResult['tools'][number]

const taskOnlySchema = z.object({ execution: z.object({ taskSupport: z.literal('required') }) })
const runsAsTask = (tool: McpTool): boolean => taskOnlySchema.safeParse(tool).success

function toListedTool({ name, description = '', inputSchema, annotations }: McpTool): ListedTool {
  return { name, description, inputSchema: toObjectSchema(inputSchema), isReadOnly: annotations?.readOnlyHint === true }
}

const jsonObjectSchema = z.record(z.string(), z.json())

/** Many leave out what goes without saying: that arguments are an object, and that a tool may take none. */
function toObjectSchema({ type = 'object', ...rest }: McpTool['inputSchema']): JsonObject | null {
  const isObject = type === 'object' || (Array.isArray(type) && type.includes('object'))
  const schema = jsonObjectSchema.safeParse({ ...rest, type: 'object', properties: rest.properties ?? {} })
  return isObject && schema.success ? schema.data : null
}
