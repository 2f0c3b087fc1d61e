import { createMCPClient, type MCPClient } from '@ai-sdk/mcp'
import type { HttpServer } from '../../../config/profile/mcp-server.ts'
import { listTools } from '../list-tools.ts'
import { clientName, type McpConnection, type McpConnectionOptions } from './mcp-connection.ts'
import type { FailureReason } from './failure-reason.ts'
import { ConnectionError, McpError } from './mcp-error.ts'
import { createMcpFetch } from './mcp-fetch.ts'
import { toFailureReason } from './to-failure-reason.ts'

/** Opens a connection to a remote server. Rejects with a ConnectionError. */
export async function connectHttp(
  { type, url, headers }: HttpServer,
  { signal, onToolListChanged }: McpConnectionOptions,
): Promise<McpConnection> {
  const ending = new ConnectionEnding()
  const fetch = createMcpFetch({
    type,
    onToolListChanged,
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
    client = await createMCPClient({ transport, clientName, initializationOptions: { signal: startSignal } })
    const listedTools = await listTools(client, startSignal)
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
    throw new ConnectionError(toFailureReason(error), { cause: error })
  }
}

/** Records why a connection has ended. The first reason wins. */
class ConnectionEnding {
  readonly #controller = new AbortController()
  readonly #closed = Promise.withResolvers<FailureReason>()
  #reason: FailureReason | null = null

  /** Resolves when the connection has ended. */
  get closed(): Promise<FailureReason> {
    return this.#closed.promise
  }

  get reason(): FailureReason | null {
    return this.#reason
  }

  /** Aborts when the connection ends. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  end(reason: FailureReason): void {
    if (this.#reason) return
    this.#reason = reason
    this.#closed.resolve(reason)
    this.#controller.abort(new McpError(reason))
  }
}
