import type { Tool } from './tool.ts'

/**
 * The state of an MCP server. `IDLE`: it is started when it is needed. `BACKOFF`: it has ended, and is started again.
 * `FAILED`: it could not be started, or its entry in the configuration is invalid. `DISABLED`: by the configuration.
 */
export type McpServerState = 'IDLE' | 'STARTING' | 'READY' | 'BACKOFF' | 'FAILED' | 'DISABLED'

/** A tool that models are not offered. */
export interface OmittedMcpTool {
  /** As a model would see it. */
  readonly name: string
  /** A sentence. */
  readonly reason: string
}

/** An MCP server as users see it. */
export interface McpServerStatus {
  readonly name: string
  readonly state: McpServerState
  /** What went wrong last and what to do, without secrets. Null while the server is well. */
  readonly error: string | null
  /** When the state began, in milliseconds since 1970. */
  readonly since: number
  /** The tools that models are offered, ordered by name. */
  readonly tools: readonly Tool[]
  readonly omittedTools: readonly OmittedMcpTool[]
}
