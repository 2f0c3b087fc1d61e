import type { McpServer } from '../../../config/profile/mcp/mcp-server.ts'
import type { Json } from '../../../lib/text/json.ts'
import { compileWildcardPattern } from '../../../lib/text/wildcard-pattern.ts'
import type { OmittedMcpTool } from '../../tools/mcp-server-status.ts'
import type { Tool } from '../../tools/tool.ts'
import type { McpToolInvocation } from '../call-mcp-tool.ts'
import type { ListedMcpTool } from '../list-mcp-tools.ts'
import { qualifyToolName } from './qualify-tool-name.ts'

export interface ConvertedMcpTools {
  /** Ordered by name. */
  readonly tools: readonly Tool[]
  /** Tools that models cannot call. */
  readonly unusable: readonly OmittedMcpTool[]
  /** Tools that `include` and `exclude` leave out. */
  readonly excluded: readonly OmittedMcpTool[]
}

/** Converts the listed tools of a server to tools that models can call. */
export function mcpToolsToTools(
  server: McpServer,
  listedTools: readonly ListedMcpTool[],
  invoke: (call: McpToolInvocation) => Promise<Json>,
): ConvertedMcpTools {
  const isSelected = createToolFilter(server)
  const tools = new Map<string, Tool>()
  const unusable: OmittedMcpTool[] = []
  const excluded: OmittedMcpTool[] = []
  for (const { name: serverToolName, description, inputSchema, isReadOnly } of listedTools) {
    const name = qualifyToolName(server.prefix, serverToolName)
    if (!isSelected(serverToolName))
      excluded.push({ name, reason: `${name} is left out by the configuration of its MCP server.` })
    else if (inputSchema === null) unusable.push({ name, reason: `The input of ${name} is not an object.` })
    else if (tools.has(name)) unusable.push({ name, reason: `${name} is listed twice.` })
    else {
      const execute: Tool['execute'] = (input, context) => invoke({ name: serverToolName, input, ...context })
      tools.set(name, { name, description, inputSchema, isReadOnly, execute })
    }
  }
  return { tools: [...tools.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)), unusable, excluded }
}

/** Patterns match the names that the server has for its tools. They may begin with the prefix that models see. */
function createToolFilter({ prefix, include, exclude }: McpServer): (toolName: string) => boolean {
  const compile = (pattern: string) =>
    compileWildcardPattern(pattern.startsWith(`${prefix}__`) ? pattern.slice(prefix.length + '__'.length) : pattern)
  const [included, excluded] = [include.map(compile), exclude.map(compile)]
  return (toolName) =>
    (included.length === 0 || included.some((matches) => matches(toolName))) &&
    !excluded.some((matches) => matches(toolName))
}
