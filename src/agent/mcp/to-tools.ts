import type { Json } from '../../lib/json.ts'
import type { Tool } from '../tools/tool.ts'
import type { ToolInvocation } from './call-tool.ts'
import type { ListedTool } from './tool-list.ts'
import { qualifyToolName } from './tool-name.ts'

export interface ToolMapping {
  readonly tools: readonly Tool[]
  /** Why others are not among them, a sentence each. */
  readonly skipped: readonly string[]
}

/** What a server lists, as tools that a model can call. */
export function toTools(
  server: string,
  listedTools: readonly ListedTool[],
  invoke: (call: ToolInvocation) => Promise<Json>,
): ToolMapping {
  const tools = new Map<string, Tool>()
  const skipped: string[] = []
  for (const { name: serverToolName, description, inputSchema, isReadOnly } of listedTools) {
    const name = qualifyToolName(server, serverToolName)
    if (inputSchema === null) skipped.push(`${name} takes something else than an object`)
    else if (tools.has(name)) skipped.push(`${name} is listed twice`)
    else {
      const call: Tool['execute'] = (input, signal) => invoke({ name: serverToolName, input, signal })
      tools.set(name, { name, description, inputSchema, isReadOnly, execute: call })
    }
  }
  return { tools: [...tools.values()], skipped }
}
