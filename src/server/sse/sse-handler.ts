import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { type ExecutionResult, GraphQLError } from 'graphql'
import { createInvalidParamsError, createPayloadTooLargeError } from '../graphql/graphql-errors.ts'
import { httpExtensionSchema } from '../graphql/error-formatter.ts'
import { createForbiddenOverGetError, isForbiddenOverGet } from '../graphql/forbidden-over-get.ts'
import type { JsonRequestHandler } from '../graphql/json/json-request-handler.ts'
import { omitHttpExtension } from '../graphql/json/encode-result.ts'
import type { OperationRunner } from '../graphql/operation-runner.ts'
import { RequestJson } from '../graphql/request-json.ts'
import type { CallerLimits } from '../auth/caller-limits.ts'
import type { Caller } from '../auth/caller.ts'
import type { GraphQLParams } from '../graphql/graphql-params.ts'
import { jsonMediaTypes, negotiateMediaType } from '../http/accept-header.ts'
import { sendRejection } from '../http/reject-request.ts'
import type { RequestHandler } from '../http/router.ts'
import { sendJson } from '../http/send-json.ts'
import { readRequestBody } from '../http/read-request-body.ts'
import { readOperationHeaders } from '../graphql/json/operation-headers.ts'
import { readGraphQLParams, parseLastEventId } from './read-sse-request.ts'
import { SseWriter, type SseWriterOptions } from './sse-writer.ts'

export interface SseHandlerOptions extends Omit<SseWriterOptions, 'revoked'> {
  readonly operations: OperationRunner
  /** What a caller may have at the same time. */
  readonly limits: CallerLimits
  /** Handles queries and mutations of clients that accept JSON, too. */
  readonly handleJson: JsonRequestHandler
  /** Called for each request. */
  readonly readMaxRequestBytes: () => number
}

/**
 * Serves GraphQL over server-sent events, one operation per request. Many clients list JSON and event streams for every
 * operation: they get an event stream for a subscription, and JSON for anything else.
 *
 * Each result is a `next` event, followed by one
 * `complete` event. An event of a session's log carries its seq as `id`, so an EventSource resumes where it was.
 *
 * An EventSource repeats its request until the response has another status than 200. Therefore a GET request that cannot
 * be executed gets 400, and one that has received every event gets 204. A POST request gets its errors as a result.
 */
export function createSseHandler(options: SseHandlerOptions): RequestHandler {
  return async (request, response, caller) => {
    const maxBytes = options.readMaxRequestBytes()
    const body = await readRequestBody(request, maxBytes)
    if (body === 'too large') return sendErrors(response, 413, createPayloadTooLargeError(maxBytes))
    const json = new RequestJson(body)
    const params = await readGraphQLParams(request, json)
    if (params instanceof GraphQLError) return sendErrors(response, 413, params)
    const acceptsJson = negotiateMediaType(request.headers.accept, jsonMediaTypes) !== null
    if (acceptsJson && !(params && options.operations.findType(params) === 'subscription')) {
      return options.handleJson(request, response, caller, request.method === 'POST' ? json : null)
    }
    if (!params) return sendErrors(response, 400, createInvalidParamsError())
    return new SseExchange(request, response, caller, options).run(params)
  }
}

/** One operation, from its request to the end of its response. */
class SseExchange {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #caller: Caller
  readonly #options: SseHandlerOptions
  readonly #isGet: boolean

  constructor(request: IncomingMessage, response: ServerResponse, caller: Caller, options: SseHandlerOptions) {
    this.#request = request
    this.#response = response
    this.#caller = caller
    this.#options = options
    this.#isGet = request.method === 'GET'
  }

  async run(params: GraphQLParams): Promise<void> {
    const { operations } = this.#options
    const disconnect = new AbortController()
    this.#response.once('close', () => disconnect.abort())
    const operation = await operations.prepare(params, {
      viewer: this.#caller.viewer,
      ...readOperationHeaders(this.#request),
      lastEventId: parseLastEventId(this.#request),
      signal: disconnect.signal,
    })
    if (!('type' in operation)) return this.#sendResult({ data: null, errors: operation })
    if (this.#isGet && isForbiddenOverGet(operation.args))
      return sendErrors(this.#response, 405, createForbiddenOverGetError())
    if (operation.type !== 'subscription') return this.#sendResult(await operations.execute(operation.args))

    const release = this.#options.limits.acquire(this.#caller, 'subscription')
    if (typeof release !== 'function') return sendRejection(this.#response, release)
    this.#response.once('close', release)
    const result = await operations.subscribe(operation.args)
    if (!(Symbol.asyncIterator in result)) return this.#sendResult(result)
    const isReconnect = this.#isGet && this.#request.headers['last-event-id'] !== undefined
    if (isReconnect && result.isFullyRead) {
      await result.return()
      this.#response.writeHead(204).end()
      return
    }
    await this.#write(result)
  }

  async #sendResult(result: ExecutionResult): Promise<void> {
    if (this.#isGet && result.errors && !result.data) return sendErrors(this.#response, 400, ...result.errors)
    await this.#write(Readable.from([result]))
  }

  #write(results: AsyncIterable<ExecutionResult>): Promise<void> {
    const { revoked } = this.#caller
    return new SseWriter(this.#response, { ...this.#options, revoked }).writeAll(results)
  }
}

/** Sends errors as JSON. The first error may ask for another HTTP status and for headers. */
function sendErrors(response: ServerResponse, status: number, ...errors: readonly GraphQLError[]): void {
  const http = httpExtensionSchema.safeParse(errors[0]?.extensions['http']).data
  sendJson(response, http?.status ?? status, { errors: errors.map(omitHttpExtension) }, http?.headers)
}
