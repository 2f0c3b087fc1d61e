import type { McpServer } from '../../../config/profile/mcp-server.ts'
import { connectHttp } from './connect-http.ts'
import { connectStdio } from './connect-stdio.ts'
import type { McpConnection, McpConnectionOptions } from './mcp-connection.ts'

/** Starts a program or connects to a remote server. Rejects with a ConnectionError; nothing stays open then. */
export function connectToMcpServer(server: McpServer, options: McpConnectionOptions): Promise<McpConnection> {
  return server.type === 'stdio' ? connectStdio(server, options) : connectHttp(server, options)
}
