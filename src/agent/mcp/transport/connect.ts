import type { McpServer } from '../../../config/profile/mcp-server.ts'
import { connectHttp } from './connect-http.ts'
import { connectStdio } from './connect-stdio.ts'
import type { Connection, ConnectionOptions } from './connection.ts'

/** Starts a program or connects to a remote server. Rejects with a ConnectionError; nothing stays open then. */
export function connect(server: McpServer, options: ConnectionOptions): Promise<Connection> {
  return server.type === 'stdio' ? connectStdio(server, options) : connectHttp(server, options)
}
