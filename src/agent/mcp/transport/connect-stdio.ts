import { createMCPClient, MCPClientError } from '@ai-sdk/mcp'
import type { StdioServer } from '../../../config/profile/mcp-server.ts'
import { listTools } from '../list-tools.ts'
import { clientName, type McpConnection, type McpConnectionOptions } from './mcp-connection.ts'
import { ConnectionError } from './mcp-error.ts'
import { StdioTransport, type StdioTransportOptions } from './stdio-transport.ts'
import { toFailureReason } from './to-failure-reason.ts'

/**
 * Starts a program and opens a connection to it. Newer servers need not support the handshake any more, but many older
 * ones exit when they receive anything before it. Hence the handshake comes first, and discovery of the protocol version
 * only if the server rejects it. Rejects with a ConnectionError.
 */
export async function connectStdio(server: StdioServer, options: McpConnectionOptions): Promise<McpConnection> {
  const { signal, onToolListChanged } = options
  try {
    return await openConnection(startProgram(server, { onToolListChanged, usesVersionDiscovery: false }), signal)
  } catch (error) {
    if (!(error instanceof ConnectionError && isRejection(error.cause))) throw error
    return openConnection(startProgram(server, { onToolListChanged, usesVersionDiscovery: true }), signal)
  }
}

/** Whether the server has answered with an error. */
function isRejection(error: unknown): boolean {
  return MCPClientError.isInstance(error) && error.code !== undefined
}

function startProgram(server: StdioServer, options: StdioTransportOptions): StdioTransport {
  try {
    return new StdioTransport(server, options)
  } catch (error) {
    throw new ConnectionError(toFailureReason(error))
  }
}

/** Stops the program if no connection can be opened. */
async function openConnection(transport: StdioTransport, signal: AbortSignal): Promise<McpConnection> {
  const { process } = transport
  try {
    const client = await createMCPClient({ transport, clientName, initializationOptions: { signal } })
    return {
      client,
      listedTools: await listTools(client, signal),
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
    const reason = (process.hasExitedUnexpectedly && process.closeReason) || toFailureReason(error)
    await process.stop()
    throw new ConnectionError(reason, { output: process.output, cause: error })
  }
}
