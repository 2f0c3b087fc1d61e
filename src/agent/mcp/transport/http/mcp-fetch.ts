import type { IncomingMessage } from 'node:http'
import type { JSONRPCMessage } from '@ai-sdk/mcp'
import type { McpFailureReason } from '../mcp-failure-reason.ts'
import { markBigIntegers } from '../big-integer-marker.ts'
import { type McpHttpRequest, sendMcpHttpRequest, readMcpResponseText } from './mcp-http-request.ts'
import { McpNotExecutedError } from '../mcp-failure-error.ts'
import { readMcpEventStream } from './mcp-event-stream.ts'
import { addMcpProgressToken } from '../mcp-progress-token.ts'
import {
  createMcpDisconnectError,
  type McpNotification,
  toJsonRpcMessage,
  toMcpCancelledNotification,
} from '../json-rpc.ts'
import { parseJsonWithExactNumbersOrNull, stringifyJson } from '../../../../lib/text/json.ts'
import type { HttpClient } from '../../../../lib/http/http-client.ts'

export interface McpFetchOptions {
  readonly httpClient: HttpClient
  readonly type: 'http' | 'sse'
  readonly onNotification: (notification: McpNotification) => void
  /** The event stream of an `sse` server has ended. */
  readonly onStreamEnd: () => void
  /** Whether the connection is being closed. Requests that are aborted then are not reported as cancelled. */
  readonly isClosing: () => boolean
}

/** Milliseconds that a cancellation or the end of a session may take. */
const closeGracePeriodMs = 400

/**
 * Creates the `fetch` for the AI SDK's HTTP transports. It adds what they lack: it fails a call whose stream ends without
 * a response, tells the server about cancelled calls, watches for notifications, and recognises a lost session. Rejects
 * with a McpNotExecutedError if the request had no effect.
 */
export function createMcpFetch(options: McpFetchOptions): typeof globalThis.fetch {
  return async (input, init = {}) => {
    const { request, message } = addProgressToken(toHttpRequest(input, init))
    if (message) sendCancellationOnAbort(request, message, options)
    const response = await sendMcpHttpRequest(options.httpClient, request)
    const body = await toResponseBody(response, message, options)
    const reason = findNotExecutedReason(request, response, body)
    if (reason) throw new McpNotExecutedError(reason)
    return new Response(body, { status: response.statusCode ?? 0, headers: toHeaders(response) })
  }
}

function toHttpRequest(
  input: RequestInfo | URL,
  { method = 'GET', headers, body, signal }: RequestInit,
): McpHttpRequest {
  return {
    url: input instanceof Request ? input.url : String(input),
    method,
    headers: Object.fromEntries(new Headers(headers)),
    body: typeof body === 'string' ? body : '',
    // The end of a session must not delay the shutdown.
    signal: method === 'DELETE' ? AbortSignal.timeout(closeGracePeriodMs) : (signal ?? null),
  }
}

/** Adds the progress token of the call to a message that is posted. */
function addProgressToken(request: McpHttpRequest): { request: McpHttpRequest; message: JSONRPCMessage | null } {
  const message = request.method === 'POST' ? toJsonRpcMessage(parseJsonWithExactNumbersOrNull(request.body)) : null
  const messageWithToken = message && addMcpProgressToken(message)
  return messageWithToken === message
    ? { request, message }
    : { request: { ...request, body: stringifyJson(messageWithToken) }, message: messageWithToken }
}

const hasSession = ({ headers }: McpHttpRequest): boolean => 'mcp-session-id' in headers

/** Cancels a call at the server when its signal aborts, if the server can identify the call. */
function sendCancellationOnAbort(
  request: McpHttpRequest,
  message: JSONRPCMessage,
  { httpClient, type, isClosing }: McpFetchOptions,
): void {
  const cancellation = toMcpCancelledNotification(message)
  if (cancellation === null || !(hasSession(request) || type === 'sse')) return
  const cancel = async (): Promise<void> => {
    if (isClosing()) return
    const notification = {
      ...request,
      body: JSON.stringify(cancellation),
      signal: AbortSignal.timeout(closeGracePeriodMs),
    }
    const response = await sendMcpHttpRequest(httpClient, notification)
    response.resume()
  }
  // If the notification fails, the server notices the closed connection.
  request.signal?.addEventListener('abort', () => void cancel().catch(() => {}), { once: true })
}

/** Returns why a request had no effect; null if it may have had one. */
function findNotExecutedReason(
  request: McpHttpRequest,
  { statusCode: status = 0 }: IncomingMessage,
  body: unknown,
): McpFailureReason | null {
  if (status >= 300 && status < 400) return { kind: 'redirect', status }
  if (request.method !== 'POST' || !hasSession(request)) return null
  // The specification demands 404. Some servers send 400 with a message.
  const isLost = status === 404 || (status === 400 && typeof body === 'string' && /session|initiali[sz]ed/i.test(body))
  return isLost ? { kind: 'session-lost', status } : null
}

async function toResponseBody(response: IncomingMessage, message: JSONRPCMessage | null, options: McpFetchOptions) {
  if (!response.headers['content-type']?.includes('text/event-stream'))
    return normalizeResponseText(markBigIntegers(await readMcpResponseText(response))) || null
  if (message === null) return toReadableStream(readNotifications(response, options), response)
  if (!('id' in message) || message.id === undefined) {
    response.destroy()
    return null
  }
  const events = readMcpEventStream(response, {
    onNotification: options.onNotification,
    requestId: message.id,
    finalMessage: createMcpDisconnectError(message.id),
    rethrowsErrors: false,
  })
  return toReadableStream(events, response)
}

/** The stream for notifications. The `http` transport reopens it after an error. */
async function* readNotifications(response: IncomingMessage, { type, onNotification, onStreamEnd }: McpFetchOptions) {
  const rethrowsErrors = type === 'http'
  yield* readMcpEventStream(response, { onNotification, requestId: null, finalMessage: null, rethrowsErrors })
  if (type === 'sse') onStreamEnd()
}

/** Normalises the messages of a JSON response. Any other text is returned as it is. */
function normalizeResponseText(text: string): string {
  const value = parseJsonWithExactNumbersOrNull(text)
  const messages = (Array.isArray(value) ? value : [value]).map(toJsonRpcMessage)
  return messages.includes(null) ? text : JSON.stringify(Array.isArray(value) ? messages : messages[0])
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
