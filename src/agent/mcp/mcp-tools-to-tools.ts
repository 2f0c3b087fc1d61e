import type { Json } from '../../lib/text/json.ts'
import type { Tool } from '../tools/tool.ts'
import type { McpToolInvocation } from './call-mcp-tool.ts'
import type { ListedMcpTool } from './list-mcp-tools.ts'
import { qualifyToolName } from './qualify-tool-name.ts'

export interface ConvertedMcpTools {
  readonly tools: readonly Tool[]
  /** A sentence for each tool that models cannot call. */
  readonly skipped: readonly string[]
}

/** Converts the listed tools of a server to tools that models can call. */
export function mcpToolsToTools(
  server: string,
  listedTools: readonly ListedMcpTool[],
  invoke: (call: McpToolInvocation) => Promise<Json>,
): ConvertedMcpTools {
  const tools = new Map<string, Tool>()
  const skipped: string[] = []
  for (const { name: serverToolName, description, inputSchema, isReadOnly } of listedTools) {
    const name = qualifyToolName(server, serverToolName)
    if (inputSchema === null) skipped.push(`The input of ${name} is not an object.`)
    else if (tools.has(name)) skipped.push(`${name} is listed twice.`)
    else {
      const execute: Tool['execute'] = (input, context) => invoke({ name: serverToolName, input, ...context })
      tools.set(name, { name, description, inputSchema, isReadOnly, execute })
    }
  }
  return { tools: [...tools.values()], skipped }
}
