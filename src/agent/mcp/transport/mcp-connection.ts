import type { MCPClient } from '@ai-sdk/mcp'
import type { HttpClient } from '../../../lib/http/http-client.ts'
import type { ListedMcpTool } from '../list-mcp-tools.ts'
import type { McpClientOptions } from './create-mcp-client.ts'
import type { McpNotification } from './json-rpc.ts'
import type { McpFailureReason } from './mcp-failure-reason.ts'

export interface McpConnectionOptions {
  /** Aborts the attempt to connect. */
  readonly signal: AbortSignal
  readonly onNotification: (notification: McpNotification) => void
  /** Answers a question of the server to the user, given the parameters of its `elicitation/create`. */
  readonly onElicitation: McpClientOptions['onElicitation']
  readonly httpClient: HttpClient
}

/** An open connection to an MCP server. */
export interface McpConnection {
  readonly client: MCPClient
  /** The tools of the server when the connection was opened. */
  readonly listedTools: readonly ListedMcpTool[]
  /** Resolves when the connection has ended on either side. */
  readonly closed: Promise<McpFailureReason>
  /** Why the connection has ended or is about to end; null while it is open. */
  readonly closeReason: McpFailureReason | null
  /** The latest output of the program that is not a message. It may contain secrets. */
  readonly output: string
  /** Resolves when the connection is closed and its program has exited. Never rejects. */
  close(): Promise<void>
}
