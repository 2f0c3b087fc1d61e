import { once } from 'node:events'
import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from 'node:http'
import { text } from 'node:stream/consumers'

export interface SseRequest {
  readonly method?: 'GET' | 'POST'
  readonly query: string
  readonly variables?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
}

/** The fields of one event. */
export interface ServerSentEvent {
  readonly event: string
  readonly id: string | null
  readonly data: string
}

/** A response with server-sent events, event by event. It does not reconnect. */
export class EventStream {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly #request: ClientRequest
  readonly #response: IncomingMessage
  readonly #blocks: AsyncIterator<string>
  #comments = 0
  #lookahead: Promise<ServerSentEvent | null> | null = null

  private constructor(request: ClientRequest, response: IncomingMessage) {
    this.#request = request
    this.#response = response
    this.status = response.statusCode ?? 0
    this.headers = response.headers
    this.#blocks = readBlocks(response)
  }

  /** Sends an operation. `url` is for example `http://127.0.0.1:4000`. */
  static send(url: string, { method = 'POST', query, variables = {}, headers = {} }: SseRequest): ClientRequest {
    const params = { query, variables: JSON.stringify(variables) }
    const target = method === 'GET' ? `${url}/graphql?${new URLSearchParams(params).toString()}` : `${url}/graphql`
    const request = httpRequest(target, {
      method,
      agent: false,
      headers: {
        accept: 'text/event-stream',
        ...(method === 'POST' && { 'content-type': 'application/json' }),
        ...headers,
      },
    })
    request.on('error', () => undefined)
    return request.end(method === 'POST' ? JSON.stringify({ query, variables }) : undefined)
  }

  /** Sends an operation and waits for the head of the response. */
  static async open(url: string, sseRequest: SseRequest): Promise<EventStream> {
    const request = EventStream.send(url, sseRequest)
    const [response]: IncomingMessage[] = await once(request, 'response')
    if (!response) throw new Error('The response is missing.')
    return new EventStream(request, response)
  }

  /** How many comments have arrived. */
  get comments(): number {
    return this.#comments
  }

  /** The next event; null at the end, also if the connection broke. */
  async next(): Promise<ServerSentEvent | null> {
    const next = this.#lookahead ?? this.#read()
    this.#lookahead = null
    return next
  }

  async #read(): Promise<ServerSentEvent | null> {
    for (;;) {
      const { value: block, done } = await this.#blocks.next()
      if (done) return null
      const fields = new Map<string, string>()
      for (const line of block.split('\n')) {
        const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? []
        if (name === '') this.#comments += 1
        else fields.set(name, value)
      }
      if (fields.size > 0) {
        return { event: fields.get('event') ?? 'message', id: fields.get('id') ?? null, data: fields.get('data') ?? '' }
      }
    }
  }

  /** The remaining events. */
  async readToEnd(): Promise<ServerSentEvent[]> {
    const events: ServerSentEvent[] = []
    for (let event = await this.next(); event; event = await this.next()) events.push(event)
    return events
  }

  /** The body of a response without server-sent events. */
  body(): Promise<string> {
    return text(this.#response)
  }

  /** Reads until `count` comments have arrived. `next` still returns events that arrive meanwhile. */
  async waitForComments(count: number): Promise<void> {
    this.#lookahead ??= this.#read()
    while (this.#comments < count) await once(this.#response, 'data')
  }

  /** Stops reading from the operating system's buffers. */
  pause(): void {
    this.#response.socket.pause()
  }

  resume(): void {
    this.#response.socket.resume()
  }

  destroy(): void {
    this.#request.destroy()
  }
}

/** The blocks between empty lines. A broken connection ends them without an error. */
async function* readBlocks(response: IncomingMessage): AsyncGenerator<string, void, void> {
  let rest: string[] = []
  try {
    for await (const chunk of response.setEncoding('utf8')) {
      const hasEnd = `${rest.at(-1)?.at(-1) ?? ''}${String(chunk)}`.includes('\n\n')
      rest.push(String(chunk))
      if (!hasEnd) continue
      const blocks = rest.join('').split('\n\n')
      rest = [blocks.pop() ?? ''].filter((block) => block !== '')
      yield* blocks
    }
  } catch {
    // The connection broke.
  }
}
