import type { Json } from '../../lib/text/json.ts'

export type JsonObject = { readonly [key: string]: Json }

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
  execute(input: JsonObject, signal: AbortSignal): Promise<Json>
}

/** A failure of a tool. The model and users see its message; of any other error they see none of the text. */
export class ToolError extends Error {
  override readonly name = 'ToolError'
}

/** Provides tools, for example from MCP servers. */
export interface ToolSource {
  /** The tools that are available now, ordered by name. Starts what they need; leaves out what cannot be started. */
  listTools(): Promise<readonly Tool[]>
  close(): Promise<void>
}
