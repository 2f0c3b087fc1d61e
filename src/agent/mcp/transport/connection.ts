import { createMCPClient, type MCPClient, MCPClientError } from '@ai-sdk/mcp'
import { z } from 'zod'
import type { HttpServer, McpServer, StdioServer } from '../../../config/profile/mcp-server.ts'
import { createMcpFetch } from './mcp-fetch.ts'
import { StdioTransport } from './stdio-transport.ts'
import { type ListedTool, listTools } from '../tool-list.ts'

export interface ConnectionOptions {
  /** Ends the attempt. */
  readonly signal: AbortSignal
  readonly onToolListChanged: () => void
}

/** A server that has been started or reached. */
export interface Connection {
  readonly client: MCPClient
  /** Its tools as they were when it was ready. */
  readonly listedTools: readonly ListedTool[]
  /** Resolves when it is over, whoever ended it, with how, as in `it ended with exit code 1`. */
  readonly closed: Promise<string>
  /** The same, as soon as it is known; null while it goes on. */
  closeReason(): string | null
  /** What a program said last that was no message; it may hold secrets. */
  output(): string
  /** Resolves when nothing of it is left. Never rejects. */
  close(): Promise<void>
}

/** A server cannot be started or reached. The message says why, of an `it`; both texts may hold secrets. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError'
  readonly output: string

  constructor(reason: string, output = '') {
    super(reason)
    this.output = output
  }
}

/** Starts a program or reaches a server. Throws a ConnectionError; nothing is left behind then. */
export function connect(server: McpServer, options: ConnectionOptions): Promise<Connection> {
  return server.type === 'stdio' ? connectStdio(server, options) : connectHttp(server, options)
}

const clientName = 'segue'

async function connectStdio(
  server: StdioServer,
  options: ConnectionOptions,
  usesVersionDiscovery = false,
): Promise<Connection> {
  const { signal, onToolListChanged } = options
  const transport = createStdioTransport(server, { onToolListChanged, usesVersionDiscovery })
  const { process } = transport
  try {
    const client = await createMCPClient({ transport, clientName, initializationOptions: { signal } })
    return {
      client,
      listedTools: await listTools(client, signal),
      closed: process.closed,
      closeReason: () => process.closeReason,
      output: () => process.output,
      close: () => process.stop(),
    }
  } catch (error) {
    const reason = (process.hasExitedUnexpectedly && process.closeReason) || describeMcpError(error)
    await process.stop()
    // Newer servers need know no handshake any more; many older ones end when they are asked anything before it.
    if (!usesVersionDiscovery && MCPClientError.isInstance(error) && error.code !== undefined) {
      return connectStdio(server, options, true)
    }
    throw new ConnectionError(reason, process.output)
  }
}

function createStdioTransport(...[server, options]: ConstructorParameters<typeof StdioTransport>): StdioTransport {
  try {
    return new StdioTransport(server, options)
  } catch (error) {
    throw new ConnectionError(describeMcpError(error))
  }
}

async function connectHttp(server: HttpServer, { signal, onToolListChanged }: ConnectionOptions): Promise<Connection> {
  const closeController = new AbortController()
  const { promise: closed, resolve } = Promise.withResolvers<string>()
  let closeReason: string | null = null
  const markClosed = (reason: string): void => {
    closeReason ??= reason
    resolve(closeReason)
    closeController.abort(new Error(closeReason))
  }
  const { type, url, headers } = server
  const onStreamEnd = (): void => markClosed('its stream of events ended')
  const fetch = createMcpFetch({
    type,
    onToolListChanged,
    onStreamEnd,
    isClosing: () => closeController.signal.aborted,
  })
  const startSignal = AbortSignal.any([signal, closeController.signal])
  let client: MCPClient | null = null
  let pendingClose: Promise<void> | null = null
  const close = (): Promise<void> => {
    markClosed('it was closed')
    pendingClose ??= client?.close().catch(() => {}) ?? Promise.resolve()
    return pendingClose
  }
  // The client does not hear of an end, and would wait for answers for ever.
  closeController.signal.addEventListener('abort', () => void close())
  try {
    const transport = { type, url, headers: { ...headers }, fetch }
    client = await createMCPClient({ transport, clientName, initializationOptions: { signal: startSignal } })
    const listedTools = await listTools(client, startSignal)
    return { client, listedTools, closed, closeReason: () => closeReason, output: () => '', close }
  } catch (error) {
    await close()
    throw new ConnectionError(describeMcpError(error))
  }
}

/** What went wrong, of an `it`; it may hold secrets. */
export function describeMcpError(error: unknown): string {
  if (error instanceof z.ZodError) return `it sends what the protocol does not know, in ${formatIssuePaths(error)}`
  if (!MCPClientError.isInstance(error)) return error instanceof Error ? error.message : String(error)
  if (error.statusCode !== undefined) return describeHttpStatus(error.statusCode)
  // The cause is why the attempt was given up, or what could not be understood.
  return error.code === undefined && error.cause instanceof Error ? describeMcpError(error.cause) : error.message
}

function formatIssuePaths({ issues }: z.ZodError): string {
  return issues
    .slice(0, 3)
    .map(({ path }) => path.join('.'))
    .join(', ')
}

/** What a status of HTTP that is no success means. */
function describeHttpStatus(status: number): string {
  const isAuthError = status === 401 || status === 403
  return `it answers with the HTTP status ${status}${isAuthError ? ', as to somebody without the right key' : ''}`
}
