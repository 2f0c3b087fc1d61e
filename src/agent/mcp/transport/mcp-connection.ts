import type { MCPClient } from '@ai-sdk/mcp'
import type { ListedTool } from '../list-tools.ts'
import type { FailureReason } from './failure-reason.ts'

/** The name by which servers know Segue. */
export const clientName = 'segue'

export interface McpConnectionOptions {
  /** Aborts the attempt to connect. */
  readonly signal: AbortSignal
  readonly onToolListChanged: () => void
}

/** An open connection to an MCP server. */
export interface McpConnection {
  readonly client: MCPClient
  /** The tools of the server when the connection was opened. */
  readonly listedTools: readonly ListedTool[]
  /** Resolves when the connection has ended on either side. */
  readonly closed: Promise<FailureReason>
  /** Why the connection has ended or is about to end; null while it is open. */
  readonly closeReason: FailureReason | null
  /** The latest output of the program that is not a message. It may contain secrets. */
  readonly output: string
  /** Resolves when the connection is closed and its program has exited. Never rejects. */
  close(): Promise<void>
}
