import type { McpServerStatus } from './mcp-server-status.ts'
import type { Tool } from './tool.ts'

/** The tools that a model can be offered now, and what it must know about them. */
export interface AvailableToolsWithNotes {
  /** Ordered by name. */
  readonly tools: readonly Tool[]
  /** Texts for the model: how to use the tools, and which tools are still missing. */
  readonly notes: readonly string[]
}

/** Provides tools, for example from MCP servers. */
export interface ToolSource {
  /** Lists the tools that are available now. Starts what they need, and leaves out what is not ready within a second. */
  listTools(): Promise<AvailableToolsWithNotes>
  /** The notes that belong to the tools which are available now. Starts nothing. */
  listNotes(): readonly string[]
  /**
   * Finds a tool that a model calls, and waits for what it needs. Null if there is none of this name. Rejects with a
   * ToolError that says why the tool is not available now, or when the signal aborts.
   */
  findTool(name: string, signal: AbortSignal): Promise<Tool | null>
  /** The MCP servers that tools come from, in the order of the configuration. Starts none of them. */
  listMcpServers(): readonly McpServerStatus[]
  close(): Promise<void>
}
