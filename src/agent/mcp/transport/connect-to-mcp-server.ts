import type { McpServer } from '../../../config/profile/mcp/mcp-server.ts'
import { connectMcpOverHttp } from './http/connect-mcp-over-http.ts'
import { connectStdio } from './stdio/connect-stdio.ts'
import type { McpConnection, McpConnectionOptions } from './mcp-connection.ts'

/** Starts a program or connects to a remote server. Rejects with a McpConnectionError; nothing stays open then. */
export function connectToMcpServer(server: McpServer, options: McpConnectionOptions): Promise<McpConnection> {
  return server.type === 'stdio' ? connectStdio(server, options) : connectMcpOverHttp(server, options)
}
