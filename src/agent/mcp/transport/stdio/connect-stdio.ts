import { MCPClientError } from '@ai-sdk/mcp'
import type { StdioMcpServer } from '../../../../config/profile/mcp/mcp-server.ts'
import { listMcpTools } from '../../list-mcp-tools.ts'
import { createMcpClient, type McpClientOptions } from '../create-mcp-client.ts'
import type { McpConnection, McpConnectionOptions } from '../mcp-connection.ts'
import { McpConnectionError } from '../mcp-failure-error.ts'
import { McpStdioTransport, type McpStdioTransportOptions } from './mcp-stdio-transport.ts'
import { toMcpFailureReason } from '../to-mcp-failure-reason.ts'

/**
 * Starts a program and opens a connection to it. Newer servers need not support the handshake any more, but many older
 * ones exit when they receive anything before it. Hence the handshake comes first, and discovery of the protocol version
 * only if the server rejects it. Rejects with a McpConnectionError.
 */
export async function connectStdio(server: StdioMcpServer, options: McpConnectionOptions): Promise<McpConnection> {
  try {
    return await openConnection(server, { ...options, usesVersionDiscovery: false })
  } catch (error) {
    if (!(error instanceof McpConnectionError && isRejection(error.cause))) throw error
    return openConnection(server, { ...options, usesVersionDiscovery: true })
  }
}

/** Whether the server has answered with an error. */
function isRejection(error: unknown): boolean {
  return MCPClientError.isInstance(error) && error.code !== undefined
}

function startProgram(server: StdioMcpServer, options: McpStdioTransportOptions): McpStdioTransport {
  try {
    return new McpStdioTransport(server, options)
  } catch (error) {
    throw new McpConnectionError(toMcpFailureReason(error))
  }
}

/** Stops the program if no connection can be opened. */
async function openConnection(
  server: StdioMcpServer,
  { onNotification, ...options }: McpConnectionOptions & Pick<McpClientOptions, 'usesVersionDiscovery'>,
): Promise<McpConnection> {
  const transport = startProgram(server, { onNotification })
  const { process } = transport
  try {
    const client = await createMcpClient({ transport, ...options })
    return {
      client,
      listedTools: await listMcpTools(client, options.signal),
      closed: process.closed,
      get closeReason() {
        return process.closeReason
      },
      get output() {
        return process.output
      },
      close: () => process.stop(),
    }
  } catch (error) {
    const reason = (process.hasExitedUnexpectedly && process.closeReason) || toMcpFailureReason(error)
    await process.stop()
    throw new McpConnectionError(reason, { output: process.output, cause: error })
  }
}
