import { createMCPClient, type MCPClient, MCPClientError } from '@ai-sdk/mcp'
import { z } from 'zod'
import type { HttpServer, McpServer, StdioServer } from '../../../config/profile/mcp-server.ts'
import { httpFetch } from './mcp-fetch.ts'
import { StdioTransport } from './stdio-transport.ts'
import { type ListedTool, listTools } from '../tool-list.ts'

export interface ConnectionOptions {
  /** Ends the attempt. */
  readonly signal: AbortSignal
  readonly onListChanged: () => void
}

/** A server that has been started or reached. */
export interface Connection {
  readonly client: MCPClient
  /** Its tools as they were when it was ready. */
  readonly listed: readonly ListedTool[]
  /** Resolves when it is over, whoever ended it, with how, as in `it ended with exit code 1`. */
  readonly ended: Promise<string>
  /** The same, as soon as it is known; null while it goes on. */
  end(): string | null
  /** What a program said last that was no message; it may hold secrets. */
  said(): string
  /** Resolves when nothing of it is left. Never rejects. */
  close(): Promise<void>
}

/** A server cannot be started or reached. The message says why, of an `it`; both texts may hold secrets. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError'
  readonly said: string

  constructor(reason: string, said = '') {
    super(reason)
    this.said = said
  }
}

/** Starts a program or reaches a server. Throws a ConnectionError; nothing is left behind then. */
export function connect(server: McpServer, options: ConnectionOptions): Promise<Connection> {
  return server.type === 'stdio' ? connectToProgram(server, options) : connectOverHttp(server, options)
}

const clientName = 'segue'

async function connectToProgram(
  server: StdioServer,
  options: ConnectionOptions,
  discover = false,
): Promise<Connection> {
  const { signal, onListChanged } = options
  const transport = startProgram(server, { onListChanged, discover })
  const { process } = transport
  try {
    const client = await createMCPClient({ transport, clientName, initializationOptions: { signal } })
    return {
      client,
      listed: await listTools(client, signal),
      ended: process.gone,
      end: () => process.end,
      said: () => process.said,
      close: () => process.stop(),
    }
  } catch (error) {
    const reason = (process.hasDied && process.end) || reasonOf(error)
    await process.stop()
    // Newer servers need know no handshake any more; many older ones end when they are asked anything before it.
    if (!discover && MCPClientError.isInstance(error) && error.code !== undefined) {
      return connectToProgram(server, options, true)
    }
    throw new ConnectionError(reason, process.said)
  }
}

function startProgram(...[server, options]: ConstructorParameters<typeof StdioTransport>): StdioTransport {
  try {
    return new StdioTransport(server, options)
  } catch (error) {
    throw new ConnectionError(reasonOf(error))
  }
}

async function connectOverHttp(server: HttpServer, { signal, onListChanged }: ConnectionOptions): Promise<Connection> {
  const over = new AbortController()
  const { promise: ended, resolve } = Promise.withResolvers<string>()
  let how: string | null = null
  const end = (reason: string): void => {
    how ??= reason
    resolve(how)
    over.abort(new Error(how))
  }
  const { type, url, headers } = server
  const onEnd = (): void => end('its stream of events ended')
  const fetch = httpFetch({ type, onListChanged, onEnd, isClosing: () => over.signal.aborted })
  const trying = AbortSignal.any([signal, over.signal])
  let client: MCPClient | null = null
  let closing: Promise<void> | null = null
  const close = (): Promise<void> => {
    end('it was closed')
    closing ??= client?.close().catch(() => {}) ?? Promise.resolve()
    return closing
  }
  // The client does not hear of an end, and would wait for answers for ever.
  over.signal.addEventListener('abort', () => void close())
  try {
    const transport = { type, url, headers: { ...headers }, fetch }
    client = await createMCPClient({ transport, clientName, initializationOptions: { signal: trying } })
    const listed = await listTools(client, trying)
    return { client, listed, ended, end: () => how, said: () => '', close }
  } catch (error) {
    await close()
    throw new ConnectionError(reasonOf(error))
  }
}

/** What went wrong, of an `it`; it may hold secrets. */
export function reasonOf(error: unknown): string {
  if (error instanceof z.ZodError) return `it sends what the protocol does not know, in ${placesIn(error)}`
  if (!MCPClientError.isInstance(error)) return error instanceof Error ? error.message : String(error)
  if (error.statusCode !== undefined) return statusIn(error.statusCode)
  // The cause is why the attempt was given up, or what could not be understood.
  return error.code === undefined && error.cause instanceof Error ? reasonOf(error.cause) : error.message
}

function placesIn({ issues }: z.ZodError): string {
  return issues
    .slice(0, 3)
    .map(({ path }) => path.join('.'))
    .join(', ')
}

/** What a status of HTTP that is no success means. */
function statusIn(status: number): string {
  const mayBeKey = status === 401 || status === 403
  return `it answers with the HTTP status ${status}${mayBeKey ? ', as to somebody without the right key' : ''}`
}
