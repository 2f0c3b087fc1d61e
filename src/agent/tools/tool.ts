import type { Json } from '../../lib/text/json.ts'
import type { McpServerStatus } from './mcp-server-status.ts'

export type JsonObject = { readonly [key: string]: Json }

/** Stores a file of a result. Resolves to the hash of its bytes once they are on disk. Rejects with a ToolError. */
export type StoreToolFile = (bytes: Uint8Array) => Promise<string>

/** What a tool is given besides its input. */
export interface ToolExecutionContext {
  readonly storeFile: StoreToolFile
  /** Aborts when the call has taken too long or its answer has ended. */
  readonly signal: AbortSignal
  /** Reports that the tool is at work, which restarts its timeout. */
  readonly onProgress: () => void
}

/** A tool that models can call. */
export interface Tool {
  /** `<server>__<tool>`: up to 64 characters that every provider accepts. */
  readonly name: string
  readonly description: string
  /** A JSON Schema of type object. */
  readonly inputSchema: JsonObject
  /** Whether the tool claims to change nothing. */
  readonly isReadOnly: boolean
  /** Runs the tool. Rejects with a ToolError whose message is for the model, or when the signal aborts. */
  execute(input: JsonObject, context: ToolExecutionContext): Promise<Json>
}

/** A failure of a tool. The model and users see its message; of any other error they see none of the text. */
export class ToolError extends Error {
  override readonly name = 'ToolError'
}

/** The tools that a model can be offered now, and what it must know about them. */
export interface ToolListing {
  /** Ordered by name. */
  readonly tools: readonly Tool[]
  /** Texts for the model: how to use the tools, and which tools are still missing. */
  readonly notes: readonly string[]
}

/** Provides tools, for example from MCP servers. */
export interface ToolSource {
  /** Lists the tools that are available now. Starts what they need, and leaves out what is not ready within a second. */
  listTools(): Promise<ToolListing>
  /**
   * Finds a tool that a model calls, and waits for what it needs. Null if there is none of this name. Rejects with a
   * ToolError that says why the tool is not available now, or when the signal aborts.
   */
  findTool(name: string, signal: AbortSignal): Promise<Tool | null>
  /** The MCP servers that tools come from, in the order of the configuration. Starts none of them. */
  listMcpServers(): readonly McpServerStatus[]
  close(): Promise<void>
}
