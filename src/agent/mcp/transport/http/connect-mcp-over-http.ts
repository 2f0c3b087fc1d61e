import { type MCPClient, MCPClientError } from '@ai-sdk/mcp'
import type { HttpMcpServer } from '../../../../config/profile/mcp/mcp-server.ts'
import { listMcpTools } from '../../list-mcp-tools.ts'
import { createMcpClient, type McpClientOptions } from '../create-mcp-client.ts'
import type { McpConnection, McpConnectionOptions } from '../mcp-connection.ts'
import type { McpFailureReason } from '../mcp-failure-reason.ts'
import { McpConnectionError, McpFailureError } from '../mcp-failure-error.ts'
import { createMcpFetch } from './mcp-fetch.ts'
import { toMcpFailureReason } from '../to-mcp-failure-reason.ts'

/** Statuses by which a server rejects a client, rather than its handshake. */
const unauthorizedStatuses: ReadonlySet<number> = new Set([401, 403])

/**
 * Opens a connection to a remote server. Many servers that support the newest protocol version as well as older ones can
 * ask the user only in a session. Hence the handshake comes first, and discovery of the protocol version only if the
 * server rejects it. Rejects with a McpConnectionError.
 */
export async function connectMcpOverHttp(server: HttpMcpServer, options: McpConnectionOptions): Promise<McpConnection> {
  try {
    return await openConnection(server, { ...options, usesVersionDiscovery: false })
  } catch (error) {
    if (!(error instanceof McpConnectionError && isRejection(error.cause)) || server.type === 'sse') throw error
    return openConnection(server, { ...options, usesVersionDiscovery: true })
  }
}

/** Whether the server has answered with an error. */
function isRejection(error: unknown): boolean {
  if (!MCPClientError.isInstance(error)) return false
  const { code, statusCode } = error
  return code !== undefined || (statusCode !== undefined && !unauthorizedStatuses.has(statusCode))
}

async function openConnection(
  { type, url, headers }: HttpMcpServer,
  options: McpConnectionOptions & Pick<McpClientOptions, 'usesVersionDiscovery'>,
): Promise<McpConnection> {
  const { signal, httpClient, onNotification } = options
  const ending = new ConnectionEnding()
  const fetch = createMcpFetch({
    httpClient,
    type,
    onNotification,
    onStreamEnd: () => ending.end({ kind: 'stream-ended' }),
    isClosing: () => ending.signal.aborted,
  })
  let client: MCPClient | null = null
  let pendingClose: Promise<void> | null = null
  const close = (): Promise<void> => {
    ending.end({ kind: 'stopped' })
    pendingClose ??= client?.close().catch(() => {}) ?? Promise.resolve()
    return pendingClose
  }
  // The client does not notice the end of a connection, and would wait for responses forever.
  ending.signal.addEventListener('abort', () => void close())
  const startSignal = AbortSignal.any([signal, ending.signal])
  try {
    const transport = { type, url, headers: { ...headers }, fetch }
    client = await createMcpClient({ ...options, transport, signal: startSignal })
    const listedTools = await listMcpTools(client, startSignal)
    return {
      client,
      listedTools,
      closed: ending.closed,
      get closeReason() {
        return ending.reason
      },
      output: '',
      close,
    }
  } catch (error) {
    await close()
    throw new McpConnectionError(toMcpFailureReason(error), { cause: error })
  }
}

/** Records why a connection has ended. The first reason wins. */
class ConnectionEnding {
  readonly #controller = new AbortController()
  readonly #closed = Promise.withResolvers<McpFailureReason>()
  #reason: McpFailureReason | null = null

  /** Resolves when the connection has ended. */
  get closed(): Promise<McpFailureReason> {
    return this.#closed.promise
  }

  get reason(): McpFailureReason | null {
    return this.#reason
  }

  /** Aborts when the connection ends. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  end(reason: McpFailureReason): void {
    if (this.#reason) return
    this.#reason = reason
    this.#closed.resolve(reason)
    this.#controller.abort(new McpFailureError(reason))
  }
}
