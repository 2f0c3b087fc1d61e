import { RawSocket, type WireMessage } from '../support/server/raw-socket.ts'
import type { FuzzCaller } from './fuzz-callers.ts'
import type { FuzzOperation } from './document-generator.ts'

/** How long a subscription is read, in milliseconds. */
const subscriptionMs = 60
/** How long any other operation may take, in milliseconds. */
const operationMs = 30_000

/** What came back. */
export interface FuzzResponse {
  /** Null over a WebSocket. */
  readonly status: number | null
  readonly contentType: string
  /** Each result, as JSON. */
  readonly results: readonly string[]
  /** Why there is no more, if the server has closed a WebSocket. */
  readonly closeCode?: number
}

function toBody({ query, variables, operationName }: FuzzOperation): string {
  return JSON.stringify({ query, variables, operationName })
}

/** Sends an operation in a request. With `accept: text/event-stream`, the results are server-sent events. */
export async function sendOverHttp(
  url: string,
  { token }: FuzzCaller,
  operation: FuzzOperation,
  { method, accept }: { readonly method: 'GET' | 'POST'; readonly accept: string },
): Promise<FuzzResponse> {
  const isFollowed = operation.type === 'subscription' && accept === 'text/event-stream'
  const headers = { authorization: `Bearer ${token}`, accept, 'content-type': 'application/json' }
  const params = new URLSearchParams({ query: operation.query, variables: JSON.stringify(operation.variables) })
  if (typeof operation.operationName === 'string') params.set('operationName', operation.operationName)
  const target = method === 'GET' ? `${url}/graphql?${params.toString()}` : `${url}/graphql`
  const response = await fetch(target, {
    method,
    headers,
    ...(method === 'POST' && { body: toBody(operation) }),
    signal: AbortSignal.timeout(operationMs),
  })
  const contentType = response.headers.get('content-type') ?? ''
  const text = isFollowed && response.ok ? await readFor(response, subscriptionMs) : await response.text()
  const results = contentType.startsWith('text/event-stream') ? listEventData(text) : [text]
  return { status: response.status, contentType, results }
}

async function readFor(response: Response, timeoutMs: number): Promise<string> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  const timer = setTimeout(() => void reader?.cancel(), timeoutMs)
  let text = ''
  for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) text += read.value
  clearTimeout(timer)
  return text
}

/** The data of whole events of the type next. */
function listEventData(text: string): string[] {
  return text
    .split('\n\n')
    .slice(0, -1)
    .flatMap((block) => (/^event: ?next$/m.test(block) ? [/^data: ?(.*)$/m.exec(block)?.[1] ?? ''] : []))
}

/** The WebSocket of one caller. It is opened again after the server has closed it. */
export class FuzzSocket {
  readonly #url: string
  readonly #caller: FuzzCaller
  #socket: RawSocket | null = null
  #id = 0

  constructor(url: string, caller: FuzzCaller) {
    this.#url = url
    this.#caller = caller
  }

  async send(operation: FuzzOperation): Promise<FuzzResponse> {
    const socket = (this.#socket ??= await RawSocket.open(this.#url, { token: this.#caller.token }))
    const id = String((this.#id += 1))
    const results: string[] = []
    const response = { status: null, contentType: '', results }
    socket.send(`{"type":"subscribe","id":"${id}","payload":${toBody(operation)}}`)
    const timeoutMs = operation.type === 'subscription' ? subscriptionMs : operationMs
    const timer = setTimeout(() => {
      socket.send({ type: 'complete', id })
      socket.send({ type: 'ping', payload: { id } })
    }, timeoutMs)
    try {
      for (;;) {
        const message = await socket.next()
        if (message.id === id && message.type !== 'complete') results.push(toResult(message))
        if (isEnd(message, id)) return response
      }
    } catch {
      const { code } = await socket.closed
      this.#socket = null
      return { ...response, closeCode: code }
    } finally {
      clearTimeout(timer)
    }
  }

  close(): void {
    this.#socket?.destroy()
  }
}

function toResult({ type, payload }: WireMessage): string {
  return JSON.stringify(type === 'error' ? { errors: payload } : payload)
}

function isEnd({ id, type, payload }: WireMessage, expected: string): boolean {
  if (type === 'pong') return JSON.stringify(payload) === JSON.stringify({ id: expected })
  return id === expected && type !== 'next'
}
