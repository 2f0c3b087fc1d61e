import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { ExecutionResult, GraphQLError } from 'graphql'
import { z } from 'zod'
import type { ProfileRegistry } from '../../services/profile-registry.ts'
import { createContext } from '../../schema/context.ts'
import { type Executor, findEventSeq } from '../graphql/executor.ts'
import { assertNotGet, maxRequestBytes, type GraphQLParams, prepareOperation } from '../graphql/prepare-operation.ts'
import { createGraphQLError, httpExtensionSchema, payloadTooLarge } from '../graphql/format-error.ts'
import { chunkBytes, detectSlowConsumer } from '../http/slow-consumer.ts'

export interface SseOptions {
  readonly profiles: ProfileRegistry
  readonly executor: Executor
  /** A reader that takes in nothing for so many milliseconds is let go of. */
  readonly slowConsumerTimeoutMs: number
  readonly heartbeatIntervalMs: number
}

export function acceptsEventStream({ headers, method }: IncomingMessage): boolean {
  return (method === 'GET' || method === 'POST') && /\btext\/event-stream\b/.test(headers.accept ?? '')
}

/**
 * GraphQL over server-sent events, one operation a request: each result as an event `next`, then `complete`. An event of
 * a log carries its seq as `id`, so that an EventSource that comes back goes on where it was; one that has everything is
 * answered 204, which is what stops it. What cannot be executed is 400 for a GET, since an EventSource tries again
 * otherwise, and a result like any other for a POST.
 */
export async function handleSse(
  request: IncomingMessage,
  response: ServerResponse,
  options: SseOptions,
): Promise<void> {
  const isGet = request.method === 'GET'
  const params = isGet ? parseQueryParams(request) : await readBodyParams(request)
  if (params === 'too large') return sendErrors(response, 413, payloadTooLarge())
  if (!params) {
    return sendErrors(
      response,
      400,
      createGraphQLError('BAD_USER_INPUT', 'Send query, and if need be variables and operationName, as JSON.', {
        path: [],
      }),
    )
  }

  let isFullyRead = false
  const disconnect = new AbortController()
  response.once('close', () => disconnect.abort())
  const operation = prepareOperation(
    params,
    createContext(options.profiles, {
      lastEventId: parseLastEventId(request),
      signal: disconnect.signal,
      assertCanStart: () => assertNotGet(request.method),
      onFullyRead: () => (isFullyRead = true),
    }),
  )
  const writer = new SseWriter(response, options)
  if (!('type' in operation)) return sendSingleResult(writer, response, isGet, { errors: operation })
  if (operation.type === 'mutation' && isGet) {
    response.setHeader('allow', 'POST')
    return sendErrors(response, 405, createGraphQLError('FORBIDDEN', 'Mutations are sent by POST.'))
  }

  const { execute, subscribe } = options.executor
  const result = await (operation.type === 'subscription' ? subscribe : execute)(operation.args)
  if (!(Symbol.asyncIterator in result)) return sendSingleResult(writer, response, isGet, result)
  if (isFullyRead && isGet && request.headers['last-event-id'] !== undefined) {
    response.writeHead(204).end()
    return
  }
  await writer.writeAll(result)
}

/** Writes events as fast as their reader takes them in, and no faster: nothing is held for it but the one event. */
class SseWriter {
  readonly #response: ServerResponse
  readonly #options: SseOptions

  constructor(response: ServerResponse, options: SseOptions) {
    this.#response = response
    this.#options = options
  }

  async writeAll(results: AsyncIterable<ExecutionResult>): Promise<void> {
    const response = this.#response
    const iterator = results[Symbol.asyncIterator]()
    const closeIterator = (): void => void iterator.return?.()
    // It may have gone before there was anything to send.
    if (!response.socket || response.destroyed) return closeIterator()
    const { heartbeatIntervalMs, slowConsumerTimeoutMs } = this.#options
    const stopDetection = detectSlowConsumer(response.socket, slowConsumerTimeoutMs, () => response.destroy())
    const heartbeatTimer = setInterval(() => this.#writeHeartbeat(), heartbeatIntervalMs)
    response.once('close', closeIterator)
    writeHeaders(response)
    try {
      for (;;) {
        const { value, done } = await iterator.next()
        if (done || response.destroyed) break
        if (!(await this.#write(formatNextEvent(value)))) return
        heartbeatTimer.refresh()
      }
      if (!response.destroyed) response.end('event: complete\ndata:\n\n')
    } finally {
      clearInterval(heartbeatTimer)
      stopDetection()
      closeIterator()
    }
  }

  /** A comment, so that whatever lies between keeps the connection. */
  #writeHeartbeat(): void {
    if (!this.#response.writableNeedDrain && !this.#response.destroyed) this.#response.write(':\n\n')
  }

  /** False when the reader is gone, or was let go of because it stopped reading. */
  async #write(text: string): Promise<boolean> {
    for (const chunk of chunkBytes(text)) {
      if (!this.#response.write(chunk)) await waitForDrain(this.#response)
      if (this.#response.destroyed) return false
    }
    return true
  }
}

/** Resolves when what was written is taken in, or the reader is gone. */
async function waitForDrain(response: ServerResponse): Promise<void> {
  if (response.destroyed) return
  const { promise, resolve } = Promise.withResolvers<void>()
  response.once('drain', resolve).once('close', resolve)
  await promise
  response.off('drain', resolve).off('close', resolve)
}

function writeHeaders(response: ServerResponse): void {
  response.socket?.setNoDelay(true).setKeepAlive(true, 5000)
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  })
  // Some browsers tell nobody that the stream is open before its first byte.
  response.write(':\n\n')
}

function formatNextEvent(result: ExecutionResult): string {
  const id = findEventSeq(result)
  return `event: next\n${id === null ? '' : `id: ${id}\n`}data: ${JSON.stringify(result)}\n\n`
}

/** One result, and no more. Only a GET is told by its status that nothing could be done. */
async function sendSingleResult(
  writer: SseWriter,
  response: ServerResponse,
  isGet: boolean,
  result: ExecutionResult,
): Promise<void> {
  if (isGet && result.errors && !result.data) return sendErrors(response, 400, ...result.errors)
  await writer.writeAll(Readable.from([result]))
}

/** Some errors know the status that belongs to them; it is for HTTP, and not told beside it. */
function sendErrors(response: ServerResponse, status: number, ...errors: readonly GraphQLError[]): void {
  const http = httpExtensionSchema.safeParse(errors[0]?.extensions['http']).data
  response.writeHead(http?.status ?? status, { 'content-type': 'application/json; charset=utf-8', ...http?.headers })
  response.end(JSON.stringify({ errors: errors.map(omitHttpExtension) }))
}

function omitHttpExtension(error: GraphQLError): object {
  const { http: _, ...extensions } = error.extensions
  return { ...error.toJSON(), extensions }
}

const graphqlParamsSchema = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
})

function parseQueryParams({ url = '' }: IncomingMessage): GraphQLParams | null {
  const { variables, ...rest } = Object.fromEntries(new URL(url, 'http://localhost').searchParams)
  return parseParams({ ...rest, variables: variables ? parseJsonOrText(variables) : null })
}

async function readBodyParams(request: IncomingMessage): Promise<GraphQLParams | 'too large' | null> {
  const chunks: Buffer[] = []
  let size = 0
  // The connection has to outlive a body that is too large, for the answer.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += chunk.length
    if (size > maxRequestBytes) return 'too large'
    chunks.push(chunk)
  }
  return parseParams(parseJsonOrText(Buffer.concat(chunks).toString()))
}

function parseParams(value: unknown): GraphQLParams | null {
  return graphqlParamsSchema.safeParse(value).data ?? null
}

function parseJsonOrText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // No text is what is asked for here: it is refused as any other wrong value.
    return text
  }
}

function parseLastEventId({ headers }: IncomingMessage): number | null {
  const id = headers['last-event-id']
  return typeof id === 'string' && /^\d{1,15}$/.test(id) ? Number(id) : null
}
