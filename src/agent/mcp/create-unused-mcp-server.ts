import type { UnusedMcpServer } from '../../config/profile/mcp/mcp-server.ts'
import { ToolError } from '../tools/tool.ts'
import type { ManagedMcpServer } from './managed-mcp-server.ts'

/** Stands for a server that is disabled or has an invalid entry: it has no tools and says why. */
export function createUnusedMcpServer({ name, prefix, error }: UnusedMcpServer): ManagedMcpServer {
  const state = error === null ? 'DISABLED' : 'FAILED'
  return {
    prefix,
    status: { name, state, error, since: Date.now(), tools: [], omittedTools: [] },
    instructions: null,
    listTools: async () => [],
    findTool: async () => {
      throw new ToolError(
        `The MCP server ${JSON.stringify(name)} is ${error === null ? 'disabled in the configuration.' : `not used. ${error}`}`,
      )
    },
    retire: async () => undefined,
    close: async () => undefined,
  }
}
