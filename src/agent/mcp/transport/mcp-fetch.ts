import type { IncomingMessage } from 'node:http'
import { type JSONRPCMessage, validateJSONRPCMessage } from '@ai-sdk/mcp'
import { parseJson } from '../../../lib/parse-json.ts'
import { eventPieces } from './sse-tap.ts'
import { type HttpRequest, NotDoneError, requestOver, textOf } from './http-request.ts'
import { cancellationOf, unanswered } from './json-rpc.ts'

export interface HttpFetchOptions {
  readonly type: 'http' | 'sse'
  readonly onListChanged: () => void
  /** The stream over which everything comes, with `sse`, has ended. */
  readonly onEnd: () => void
  /** Whether the connection is being closed: what is aborted then was not cancelled by anybody. */
  readonly isClosing: () => boolean
}

/** How long a last word to a server may take, in milliseconds. */
const grace = 400

/**
 * The `fetch` for the client's transports over HTTP, which makes up for what they lack: they leave a call without an
 * answer for ever when its stream ends, tell no server that a call was cancelled, hear no notification, and take a
 * server that has lost the session for one that answers. Throws a NotDoneError for what was not done.
 */
export function httpFetch(options: HttpFetchOptions): typeof fetch {
  return async (input, init = {}) => {
    const request = toRequest(input, init)
    const message = request.method === 'POST' ? validateJSONRPCMessage(parseJson(request.body)) : null
    if (message) cancelWith(request, message, options)
    const answer = await requestOver(request)
    const body = await bodyOf(answer, message, options)
    const refusal = refusalOf(request, answer, body)
    if (refusal) throw new NotDoneError(refusal)
    return new Response(body, { status: answer.statusCode ?? 0, headers: headersOf(answer) })
  }
}

function toRequest(input: RequestInfo | URL, { method = 'GET', headers, body, signal }: RequestInit): HttpRequest {
  return {
    url: input instanceof Request ? input.url : String(input),
    method,
    headers: Object.fromEntries(new Headers(headers)),
    body: typeof body === 'string' ? body : '',
    // The end of a session is told without waiting for long.
    signal: method === 'DELETE' ? AbortSignal.timeout(grace) : (signal ?? null),
  }
}

const hasSession = ({ headers }: HttpRequest): boolean => 'mcp-session-id' in headers

/** When the signal of a call aborts the server is told, if there is anything by which it could know the call. */
function cancelWith(request: HttpRequest, message: JSONRPCMessage, { type, isClosing }: HttpFetchOptions): void {
  const cancellation = cancellationOf(message)
  if (cancellation === null || !(hasSession(request) || type === 'sse')) return
  const cancel = async (): Promise<void> => {
    if (isClosing()) return
    const told = { ...request, body: JSON.stringify(cancellation), signal: AbortSignal.timeout(grace) }
    const answer = await requestOver(told)
    answer.resume()
  }
  // A server that cannot be told will notice by itself that nobody reads.
  request.signal?.addEventListener('abort', () => void cancel().catch(() => {}), { once: true })
}

/** Why nothing was done; null when something may have been. */
function refusalOf(request: HttpRequest, { statusCode: status = 0 }: IncomingMessage, body: unknown): string | null {
  if (status >= 300 && status < 400) return `it redirects elsewhere (HTTP ${status})`
  if (request.method !== 'POST' || !hasSession(request)) return null
  // 404 by the specification; some say it in words only.
  const isLost = status === 404 || (status === 400 && typeof body === 'string' && /session|initiali[sz]ed/i.test(body))
  return isLost ? `it does not know the session any more (HTTP ${status})` : null
}

async function bodyOf(answer: IncomingMessage, message: JSONRPCMessage | null, options: HttpFetchOptions) {
  if (!answer.headers['content-type']?.includes('text/event-stream')) return (await textOf(answer)) || null
  if (message === null) return streamOf(listened(answer, options), answer)
  if (!('id' in message) || message.id === undefined) {
    answer.destroy()
    return null
  }
  const { onListChanged } = options
  return streamOf(eventPieces(answer, { onListChanged, lastWord: unanswered(message.id), throws: false }), answer)
}

/** The stream that answers nothing. The transport for `http` opens another one after an end by force. */
async function* listened(answer: IncomingMessage, { type, onListChanged, onEnd }: HttpFetchOptions) {
  yield* eventPieces(answer, { onListChanged, lastWord: null, throws: type === 'http' })
  if (type === 'sse') onEnd()
}

function streamOf(pieces: AsyncGenerator<Uint8Array>, answer: IncomingMessage): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await pieces.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
    cancel: () => void answer.destroy(),
  })
}

function headersOf({ headers }: IncomingMessage): Headers {
  return new Headers(
    Object.entries(headers).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  )
}
