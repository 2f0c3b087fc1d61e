import type { Json } from '../../lib/json.ts'

export type JsonObject = { readonly [key: string]: Json }

/** Something that a model can have done. */
export interface Tool {
  /** What the model calls it: `<server>__<tool>`, in the 64 characters that every provider accepts. */
  readonly name: string
  readonly description: string
  /** A JSON Schema of type object. */
  readonly inputSchema: JsonObject
  /** It says of itself that it changes nothing. */
  readonly isReadOnly: boolean
  /** Does it. Throws a `ToolError` with what the model should know; the signal's abort is an error as well. */
  execute(input: JsonObject, signal: AbortSignal): Promise<Json>
}

/** A tool's own failure, told to the model and to people as it is. Any other error is told of without its text. */
export class ToolError extends Error {
  override readonly name = 'ToolError'
}

/** Where tools come from. */
export interface ToolSource {
  /** Those that can be had now, ordered by name: what is needed for them is started, what cannot be started is left out. */
  tools(): Promise<readonly Tool[]>
  close(): Promise<void>
}
