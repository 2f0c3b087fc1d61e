import type { HttpMcpServer, McpServer } from '../../../config/profile/mcp/mcp-server.ts'
import { connectMcpOverHttp } from './http/connect-mcp-over-http.ts'
import { connectStdio } from './stdio/connect-stdio.ts'
import type { McpConnection, McpConnectionOptions } from './mcp-connection.ts'
import { McpConnectionError } from './mcp-failure-error.ts'

/** Starts a program or connects to a remote server. Rejects with a McpConnectionError; nothing stays open then. */
export function connectToMcpServer(server: McpServer, options: McpConnectionOptions): Promise<McpConnection> {
  return server.type === 'stdio' ? connectStdio(server, options) : connectToRemoteServer(server, options)
}

/** How servers of the older transport respond to a request of the newer one. */
const olderTransportStatuses: ReadonlySet<number> = new Set([400, 404, 405])

/** Tries the older transport if the configuration names none and the server does not know the newer one. */
async function connectToRemoteServer(server: HttpMcpServer, options: McpConnectionOptions): Promise<McpConnection> {
  try {
    return await connectMcpOverHttp(server, options)
  } catch (error) {
    const reason = error instanceof McpConnectionError ? error.reason : null
    const mayBeOlder = reason?.kind === 'http-status' && olderTransportStatuses.has(reason.status)
    if (!server.isTypeAssumed || server.type === 'sse' || !mayBeOlder) throw error
    return await connectMcpOverHttp({ ...server, type: 'sse' }, options).catch(() => {
      throw error
    })
  }
}
