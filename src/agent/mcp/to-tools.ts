import type { Json } from '../../model/records.ts'
import type { Tool } from '../tools/tool.ts'
import type { Call } from './call-tool.ts'
import type { ListedTool } from './tool-list.ts'
import { toolName } from './tool-name.ts'

export interface FoundTools {
  readonly tools: readonly Tool[]
  /** Why others are not among them, a sentence each. */
  readonly leftOut: readonly string[]
}

/** What a server lists, as tools that a model can call. */
export function toTools(server: string, listed: readonly ListedTool[], run: (call: Call) => Promise<Json>): FoundTools {
  const tools = new Map<string, Tool>()
  const leftOut: string[] = []
  for (const { name: own, description, inputSchema, readOnly } of listed) {
    const name = toolName(server, own)
    if (inputSchema === null) leftOut.push(`${name} takes something else than an object`)
    else if (tools.has(name)) leftOut.push(`${name} is listed twice`)
    else {
      const call: Tool['run'] = (input, signal) => run({ name: own, input, signal })
      tools.set(name, { name, description, inputSchema, readOnly, run: call })
    }
  }
  return { tools: [...tools.values()], leftOut }
}
