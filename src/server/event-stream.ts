import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ExecutionResult, FormattedExecutionResult } from 'graphql'
import { z } from 'zod'
import { newContext, type Domain } from '../schema/context.ts'
import { type Execution, eventIdOf } from './execution.ts'
import { type OperationRequest, prepare } from './operation.ts'
import { coded } from './public-error.ts'

export interface EventStreamOptions {
  readonly domain: Domain
  readonly execution: Execution
  /** A reader that takes in nothing for so many milliseconds is let go of. */
  readonly stalledAfter: number
  readonly heartbeat: number
}

const largestBody = 16 * 1024 * 1024 // bytes

export function wantsEventStream({ headers, method }: IncomingMessage): boolean {
  return (method === 'GET' || method === 'POST') && /\btext\/event-stream\b/.test(headers.accept ?? '')
}

/**
 * GraphQL over server-sent events, one operation a request: each result as an event `next`, then `complete`. An event of
 * a log carries its seq as `id`, so that an EventSource that comes back goes on where it was; one that has everything is
 * answered 204, which is what stops it. What cannot be executed is 400 for a GET, since an EventSource tries again
 * otherwise, and a result like any other for a POST.
 */
export async function serveEventStream(
  request: IncomingMessage,
  response: ServerResponse,
  options: EventStreamOptions,
): Promise<void> {
  const isGet = request.method === 'GET'
  const asked = isGet ? queryOf(request) : await bodyOf(request)
  if (!asked) return refuse(response, 400, 'Send query, and if need be variables and operationName, as JSON.')

  let nothingLeft = false
  const operation = prepare(
    asked,
    newContext(options.domain, {
      lastEventId: lastEventIdOf(request),
      isSafe: isGet,
      onNothingLeft: () => (nothingLeft = true),
    }),
  )
  if (!('type' in operation)) return answerAll(response, isGet, { errors: operation.map((error) => error.toJSON()) })
  if (operation.type === 'mutation' && isGet)
    return refuse(response, 405, 'Mutations are sent by POST.', { allow: 'POST' })

  const { execute, subscribe } = options.execution
  const result = await (operation.type === 'subscription' ? subscribe : execute)(operation.args)
  if (!(Symbol.asyncIterator in result)) return answerAll(response, isGet, result)
  if (nothingLeft && isGet && request.headers['last-event-id'] !== undefined) {
    response.writeHead(204).end()
    return
  }
  await new EventWriter(response, options).writeAll(result)
}

/** Writes events as fast as their reader takes them in, and no faster: nothing is held for it but the one event. */
class EventWriter {
  readonly #response: ServerResponse
  readonly #options: EventStreamOptions

  constructor(response: ServerResponse, options: EventStreamOptions) {
    this.#response = response
    this.#options = options
  }

  async writeAll(results: AsyncIterable<ExecutionResult>): Promise<void> {
    const iterator = results[Symbol.asyncIterator]()
    begin(this.#response)
    const leave = (): void => void iterator.return?.()
    this.#response.once('close', leave)
    const heartbeat = setInterval(() => this.#beat(), this.#options.heartbeat)
    try {
      for (;;) {
        const { value, done } = await iterator.next()
        if (this.#response.closed) return
        if (done) break
        if (!(await this.#write(nextEvent(value)))) return
        heartbeat.refresh()
      }
      this.#response.end('event: complete\ndata:\n\n')
    } finally {
      clearInterval(heartbeat)
      leave()
    }
  }

  /** A comment, so that whatever lies between keeps the connection. */
  #beat(): void {
    if (!this.#response.writableNeedDrain && !this.#response.closed) this.#response.write(':\n\n')
  }

  /** False when the reader is gone, or was let go of because it stopped reading. */
  async #write(text: string): Promise<boolean> {
    if (this.#response.write(text)) return true
    const signal = AbortSignal.timeout(this.#options.stalledAfter)
    const left = once(this.#response, 'close', { signal }).then(() => false)
    const drained = once(this.#response, 'drain', { signal }).then(() => true)
    left.catch(() => undefined)
    const goesOn = await Promise.race([drained, left]).catch(() => false)
    if (!goesOn) this.#response.destroy()
    return goesOn
  }
}

function begin(response: ServerResponse): void {
  response.socket?.setNoDelay(true).setKeepAlive(true, 5000)
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  })
  // Some browsers tell nobody that the stream is open before its first byte.
  response.write(':\n\n')
}

function nextEvent(result: ExecutionResult | FormattedExecutionResult): string {
  const id = eventIdOf(result)
  return `event: next\n${id === null ? '' : `id: ${id}\n`}data: ${JSON.stringify(result)}\n\n`
}

function answerAll(response: ServerResponse, isGet: boolean, result: ExecutionResult | FormattedExecutionResult): void {
  if (isGet && result.errors && !result.data) {
    response.writeHead(400, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(result))
    return
  }
  begin(response)
  response.end(`${nextEvent(result)}event: complete\ndata:\n\n`)
}

function refuse(response: ServerResponse, status: number, message: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', connection: 'close', ...headers })
  response.end(JSON.stringify({ errors: [coded('BAD_USER_INPUT', message).toJSON()] }))
}

const requestSchema = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
})

function queryOf({ url = '' }: IncomingMessage): OperationRequest | null {
  const { variables, ...asked } = Object.fromEntries(new URL(url, 'http://localhost').searchParams)
  return parsed({ ...asked, variables: variables ? parseJson(variables) : null })
}

async function bodyOf(request: IncomingMessage): Promise<OperationRequest | null> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > largestBody) return null
    chunks.push(chunk)
  }
  return parsed(parseJson(Buffer.concat(chunks).toString()))
}

function parsed(value: unknown): OperationRequest | null {
  return requestSchema.safeParse(value).data ?? null
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function lastEventIdOf({ headers }: IncomingMessage): number | null {
  const id = headers['last-event-id']
  return typeof id === 'string' && /^\d{1,15}$/.test(id) ? Number(id) : null
}
