import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { ExecutionResult, GraphQLError } from 'graphql'
import { z } from 'zod'
import type { Domains } from '../../services/profile-registry.ts'
import { newContext } from '../../schema/context.ts'
import { type Execution, eventIdOf } from '../graphql/executor.ts'
import { checkMayStartBy, largestRequest, type OperationRequest, prepare } from '../graphql/prepare-operation.ts'
import { coded, httpSchema, tooLarge } from '../graphql/format-error.ts'
import { bytePieces, watchReader } from '../http/slow-consumer.ts'

export interface EventStreamOptions {
  readonly domains: Domains
  readonly execution: Execution
  /** A reader that takes in nothing for so many milliseconds is let go of. */
  readonly stalledAfter: number
  readonly heartbeat: number
}

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
  if (asked === 'too large') return refuse(response, 413, tooLarge())
  if (!asked) {
    return refuse(
      response,
      400,
      coded('BAD_USER_INPUT', 'Send query, and if need be variables and operationName, as JSON.', { path: [] }),
    )
  }

  let nothingLeft = false
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const operation = prepare(
    asked,
    newContext(options.domains, {
      lastEventId: lastEventIdOf(request),
      signal: gone.signal,
      checkMayStart: () => checkMayStartBy(request.method),
      onNothingLeft: () => (nothingLeft = true),
    }),
  )
  const writer = new EventWriter(response, options)
  if (!('type' in operation)) return answerOnce(writer, response, isGet, { errors: operation })
  if (operation.type === 'mutation' && isGet) {
    response.setHeader('allow', 'POST')
    return refuse(response, 405, coded('FORBIDDEN', 'Mutations are sent by POST.'))
  }

  const { execute, subscribe } = options.execution
  const result = await (operation.type === 'subscription' ? subscribe : execute)(operation.args)
  if (!(Symbol.asyncIterator in result)) return answerOnce(writer, response, isGet, result)
  if (nothingLeft && isGet && request.headers['last-event-id'] !== undefined) {
    response.writeHead(204).end()
    return
  }
  await writer.writeAll(result)
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
    const response = this.#response
    const iterator = results[Symbol.asyncIterator]()
    const leave = (): void => void iterator.return?.()
    // It may have gone before there was anything to send.
    if (!response.socket || response.destroyed) return leave()
    const { heartbeat, stalledAfter } = this.#options
    const unwatch = watchReader(response.socket, stalledAfter, () => response.destroy())
    const beats = setInterval(() => this.#beat(), heartbeat)
    response.once('close', leave)
    begin(response)
    try {
      for (;;) {
        const { value, done } = await iterator.next()
        if (done || response.destroyed) break
        if (!(await this.#write(nextEvent(value)))) return
        beats.refresh()
      }
      if (!response.destroyed) response.end('event: complete\ndata:\n\n')
    } finally {
      clearInterval(beats)
      unwatch()
      leave()
    }
  }

  /** A comment, so that whatever lies between keeps the connection. */
  #beat(): void {
    if (!this.#response.writableNeedDrain && !this.#response.destroyed) this.#response.write(':\n\n')
  }

  /** False when the reader is gone, or was let go of because it stopped reading. */
  async #write(text: string): Promise<boolean> {
    for (const piece of bytePieces(text)) {
      if (!this.#response.write(piece)) await drained(this.#response)
      if (this.#response.destroyed) return false
    }
    return true
  }
}

/** Resolves when what was written is taken in, or the reader is gone. */
async function drained(response: ServerResponse): Promise<void> {
  if (response.destroyed) return
  const { promise, resolve } = Promise.withResolvers<void>()
  response.once('drain', resolve).once('close', resolve)
  await promise
  response.off('drain', resolve).off('close', resolve)
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

function nextEvent(result: ExecutionResult): string {
  const id = eventIdOf(result)
  return `event: next\n${id === null ? '' : `id: ${id}\n`}data: ${JSON.stringify(result)}\n\n`
}

/** One result, and no more. Only a GET is told by its status that nothing could be done. */
async function answerOnce(
  writer: EventWriter,
  response: ServerResponse,
  isGet: boolean,
  result: ExecutionResult,
): Promise<void> {
  if (isGet && result.errors && !result.data) return refuse(response, 400, ...result.errors)
  await writer.writeAll(Readable.from([result]))
}

/** Some errors know the status that belongs to them; it is for HTTP, and not told beside it. */
function refuse(response: ServerResponse, status: number, ...errors: readonly GraphQLError[]): void {
  const http = httpSchema.safeParse(errors[0]?.extensions['http']).data
  response.writeHead(http?.status ?? status, { 'content-type': 'application/json; charset=utf-8', ...http?.headers })
  response.end(JSON.stringify({ errors: errors.map(withoutHttp) }))
}

function withoutHttp(error: GraphQLError): object {
  const { http: _, ...extensions } = error.extensions
  return { ...error.toJSON(), extensions }
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

async function bodyOf(request: IncomingMessage): Promise<OperationRequest | 'too large' | null> {
  const chunks: Buffer[] = []
  let size = 0
  // The connection has to outlive a body that is too large, for the answer.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += chunk.length
    if (size > largestRequest) return 'too large'
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
    // No text is what is asked for here: it is refused as any other wrong value.
    return text
  }
}

function lastEventIdOf({ headers }: IncomingMessage): number | null {
  const id = headers['last-event-id']
  return typeof id === 'string' && /^\d{1,15}$/.test(id) ? Number(id) : null
}
