import type { McpServerStatus } from '../tools/mcp-server-status.ts'
import type { Tool } from '../tools/tool.ts'

/** One configured MCP server of a profile, whether it can be used or not. */
export interface ManagedMcpServer {
  /** The names of its tools begin with `<prefix>__`. */
  readonly prefix: string
  readonly status: McpServerStatus
  /** What the server tells models about its tools; null for nothing. */
  readonly instructions: string | null
  /** The tools that models can be offered now. Starts the server, and waits for a moment once. Never rejects. */
  listTools(): Promise<readonly Tool[]>
  /**
   * Finds one of its tools by the name that models see. Waits for a start. Null if the server has no such tool. Rejects
   * with a ToolError that says why the tool is not available, or when the signal aborts.
   */
  findTool(name: string, signal: AbortSignal): Promise<Tool | null>
  /** Waits for the calls that are running, then stops the server. Call `close` to wait no longer. */
  retire(): Promise<void>
  /** Resolves when the server has been stopped. */
  close(): Promise<void>
}
