import type { ListToolsResult, MCPClient } from '@ai-sdk/mcp'
import { z } from 'zod'
import type { JsonObject } from '../tools/tool.ts'

/** A tool as its server describes it. */
export interface ListedTool {
  readonly name: string
  readonly description: string
  /** Null: it takes no object, so that no model could call it. */
  readonly inputSchema: JsonObject | null
  readonly readOnly: boolean
}

/** All tools of a server, from all pages, without those that only run in the background, which nothing here does. */
export async function listTools(client: MCPClient, signal: AbortSignal): Promise<ListedTool[]> {
  if (!client.initializeResult.capabilities.tools) return []
  const tools: ListedTool[] = []
  const seen = new Set<string>()
  let cursor: string | undefined
  do {
    const page = await client.listTools({ options: { signal }, ...(cursor !== undefined && { params: { cursor } }) })
    tools.push(...page.tools.filter((tool) => !runsAsTask(tool)).map(toListed))
    cursor = page.nextCursor || undefined
    if (cursor !== undefined && seen.has(cursor)) throw new Error('the pages of its list of tools go round in a circle')
    seen.add(cursor ?? '')
  } while (cursor !== undefined)
  return tools
}

type Described = ListToolsResult['tools'][number]

const execution = z.object({ execution: z.object({ taskSupport: z.literal('required') }) })
const runsAsTask = (tool: Described): boolean => execution.safeParse(tool).success

function toListed({ name, description = '', inputSchema, annotations }: Described): ListedTool {
  return { name, description, inputSchema: toObjectSchema(inputSchema), readOnly: annotations?.readOnlyHint === true }
}

const jsonObject = z.record(z.string(), z.json())

/** Many leave out what goes without saying: that arguments are an object, and that a tool may take none. */
function toObjectSchema({ type = 'object', ...rest }: Described['inputSchema']): JsonObject | null {
  const isObject = type === 'object' || (Array.isArray(type) && type.includes('object'))
  const schema = jsonObject.safeParse({ ...rest, type: 'object', properties: rest.properties ?? {} })
  return isObject && schema.success ? schema.data : null
}
