import { RawSocket, type WireMessage } from '../support/server/raw-socket.ts'
import { createHeaders, type FuzzCaller } from './fuzz-callers.ts'

/** How long a subscription is read, in milliseconds. */
const subscriptionMs = 60
/** How long any other operation may take, in milliseconds. */
const operationMs = 30_000

/** The parameters of GraphQL over HTTP, or what is sent in their place. */
export interface FuzzRequest {
  readonly params: unknown
  /** Whether it is read for a moment only, because it may never end. */
  readonly isSubscription: boolean
}

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

export interface HttpOptions {
  readonly method: 'GET' | 'POST'
  readonly accept: string
}

/** Sends parameters in a request. With `accept: text/event-stream`, the results are server-sent events. */
export async function sendOverHttp(
  url: string,
  caller: FuzzCaller,
  { params, isSubscription }: FuzzRequest,
  { method, accept }: HttpOptions,
): Promise<FuzzResponse> {
  const response = await fetch(`${url}/graphql${method === 'GET' ? toQueryString(params) : ''}`, {
    method,
    headers: { ...createHeaders(caller), accept, 'content-type': 'application/json' },
    ...(method === 'POST' && { body: JSON.stringify(params) }),
    signal: AbortSignal.timeout(operationMs),
  })
  const contentType = response.headers.get('content-type') ?? ''
  const isFollowed = isSubscription && accept === 'text/event-stream' && response.ok
  const text = isFollowed ? await readFor(response, subscriptionMs) : await response.text()
  const results = contentType.startsWith('text/event-stream') ? listEventData(text) : [text]
  return { status: response.status, contentType, results }
}

/** Whether Node accepts the parameters in a URL. It responds to longer ones with 431 and no body. */
export function fitsIntoUrl(params: unknown): boolean {
  return toQueryString(params).length < 12_000
}

function toQueryString(params: unknown): string {
  const entries = Object.entries(Object(params)).filter(([, value]) => value !== undefined)
  const texts = entries.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)])
  return `?${new URLSearchParams(texts).toString()}`
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

  async send({ params, isSubscription }: FuzzRequest): Promise<FuzzResponse> {
    const socket = (this.#socket ??= await RawSocket.open(this.#url, { token: this.#caller.token }))
    const id = String((this.#id += 1))
    const results: string[] = []
    const response = { status: null, contentType: '', results }
    socket.send({ type: 'subscribe', id, payload: params })
    const timeoutMs = isSubscription ? subscriptionMs : operationMs
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
