import type { IncomingMessage } from 'node:http'
import { type JSONRPCMessage, validateJSONRPCMessage } from '@ai-sdk/mcp'
import { tapSse } from './sse-tap.ts'
import { type HttpRequest, NotExecutedError, sendRequest, readText } from './http-request.ts'
import { toCancelledNotification, createConnectionClosedError } from './json-rpc.ts'
import { parseJsonOrNull } from '../../../lib/json.ts'

export interface McpFetchOptions {
  readonly type: 'http' | 'sse'
  readonly onToolListChanged: () => void
  /** The stream over which everything comes, with `sse`, has ended. */
  readonly onStreamEnd: () => void
  /** Whether the connection is being closed: what is aborted then was not cancelled by anybody. */
  readonly isClosing: () => boolean
}

/** How long a last word to a server may take, in milliseconds. */
const closeGracePeriodMs = 400

/**
 * The `fetch` for the client's transports over HTTP, which makes up for what they lack: they leave a call without an
 * answer for ever when its stream ends, tell no server that a call was cancelled, hear no notification, and take a
 * server that has lost the session for one that answers. Throws a NotDoneError for what was not done.
 */
export function createMcpFetch(options: McpFetchOptions): typeof fetch {
  return async (input, init = {}) => {
    const request = toHttpRequest(input, init)
    const message = request.method === 'POST' ? validateJSONRPCMessage(parseJsonOrNull(request.body)) : null
    if (message) sendCancellationOnAbort(request, message, options)
    const response = await sendRequest(request)
    const body = await toResponseBody(response, message, options)
    const reason = findNotExecutedReason(request, response, body)
    if (reason) throw new NotExecutedError(reason)
    return new Response(body, { status: response.statusCode ?? 0, headers: toHeaders(response) })
  }
}

function toHttpRequest(input: RequestInfo | URL, { method = 'GET', headers, body, signal }: RequestInit): HttpRequest {
  return {
    url: input instanceof Request ? input.url : String(input),
    method,
    headers: Object.fromEntries(new Headers(headers)),
    body: typeof body === 'string' ? body : '',
    // The end of a session is told without waiting for long.
    signal: method === 'DELETE' ? AbortSignal.timeout(closeGracePeriodMs) : (signal ?? null),
  }
}

const hasSession = ({ headers }: HttpRequest): boolean => 'mcp-session-id' in headers

/** When the signal of a call aborts the server is told, if there is anything by which it could know the call. */
function sendCancellationOnAbort(
  request: HttpRequest,
  message: JSONRPCMessage,
  { type, isClosing }: McpFetchOptions,
): void {
  const cancellation = toCancelledNotification(message)
  if (cancellation === null || !(hasSession(request) || type === 'sse')) return
  const cancel = async (): Promise<void> => {
    if (isClosing()) return
    const notification = {
      ...request,
      body: JSON.stringify(cancellation),
      signal: AbortSignal.timeout(closeGracePeriodMs),
    }
    const response = await sendRequest(notification)
    response.resume()
  }
  // A server that cannot be told will notice by itself that nobody reads.
  request.signal?.addEventListener('abort', () => void cancel().catch(() => {}), { once: true })
}

/** Why nothing was done; null when something may have been. */
function findNotExecutedReason(
  request: HttpRequest,
  { statusCode: status = 0 }: IncomingMessage,
  body: unknown,
): string | null {
  if (status >= 300 && status < 400) return `it redirects elsewhere (HTTP ${status})`
  if (request.method !== 'POST' || !hasSession(request)) return null
  // 404 by the specification; some say it in words only.
  const isLost = status === 404 || (status === 400 && typeof body === 'string' && /session|initiali[sz]ed/i.test(body))
  return isLost ? `it does not know the session any more (HTTP ${status})` : null
}

async function toResponseBody(response: IncomingMessage, message: JSONRPCMessage | null, options: McpFetchOptions) {
  if (!response.headers['content-type']?.includes('text/event-stream')) return (await readText(response)) || null
  if (message === null) return toReadableStream(tapNotifications(response, options), response)
  if (!('id' in message) || message.id === undefined) {
    response.destroy()
    return null
  }
  const { onToolListChanged } = options
  return toReadableStream(
    tapSse(response, { onToolListChanged, finalEvent: createConnectionClosedError(message.id), rethrowsErrors: false }),
    response,
  )
}

/** The stream that answers nothing. The transport for `http` opens another one after an end by force. */
async function* tapNotifications(response: IncomingMessage, { type, onToolListChanged, onStreamEnd }: McpFetchOptions) {
  yield* tapSse(response, { onToolListChanged, finalEvent: null, rethrowsErrors: type === 'http' })
  if (type === 'sse') onStreamEnd()
}

function toReadableStream(chunks: AsyncGenerator<Uint8Array>, response: IncomingMessage): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await chunks.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
    cancel: () => void response.destroy(),
  })
}

function toHeaders({ headers }: IncomingMessage): Headers {
  return new Headers(
    Object.entries(headers).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  )
}
