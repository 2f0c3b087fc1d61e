import type { IncomingMessage, ServerResponse } from 'node:http'
import type { GraphQLError } from 'graphql'
import { z } from 'zod'
import type { RequestInfo } from '../../../schema/context.ts'
import type { Caller } from '../../auth/caller.ts'
import { countBytes } from '../../http/chunk-bytes.ts'
import { jsonMediaTypes, negotiateMediaType } from '../../http/accept-header.ts'
import { type ErrorFormatter, httpExtensionSchema } from '../error-formatter.ts'
import { graphqlParamNames, type GraphQLParams, parseGraphQLParams } from '../graphql-params.ts'
import type { OperationRunner } from '../operation-runner.ts'
import type { RequestJson } from '../request-json.ts'
import { readOperationHeaders } from './operation-headers.ts'
import type { JsonRequestHandler } from './json-request-handler.ts'
import { runJsonOperation } from './run-json-operation.ts'
import { encodeResult } from './encode-result.ts'

export interface JsonHandlerOptions {
  readonly operations: OperationRunner
  readonly errors: ErrorFormatter
  /** Answers all other requests: GET, batches, what is no GraphQL request, what accepts no JSON. */
  readonly handleOther: JsonRequestHandler
}

/** What a result without errors has. */
const okResponse = { status: 200, headers: {} }

const httpSchema = httpExtensionSchema.extend({ spec: z.boolean().optional() })

/**
 * Answers POST requests with one operation, which are nearly all requests, with little more than `node:http`. The responses
 * are those that Yoga gives, byte for byte: its objects for requests, responses and streams cost more than most operations.
 */
export function createJsonHandler(options: JsonHandlerOptions): JsonRequestHandler {
  const { operations, errors, handleOther } = options
  return async (request, response, caller, body) => {
    const params = request.method === 'POST' && body ? await parseBody(body) : null
    const mediaType = negotiateMediaType(request.headers.accept, jsonMediaTypes)
    if (params === null || mediaType === null) return handleOther(request, response, caller, body)
    const result = await runJsonOperation(operations, params, false, toRequestInfo(request, response, caller)).catch(
      (error: unknown) => ({ errors: [errors.format(error)] }),
    )
    const encoded = encodeResult(result)
    const responseBody = typeof encoded === 'string' ? encoded : await encoded
    const { status, headers } = result.errors ? readHttpExtensions(result.errors, mediaType) : okResponse
    response.writeHead(status, {
      'content-type': `${mediaType}; charset=utf-8`,
      'content-length': countBytes(responseBody),
      ...headers,
    })
    if (typeof responseBody === 'string') return void response.end(responseBody)
    for (const chunk of responseBody) response.write(chunk)
    response.end()
  }
}

/** Null if Yoga has to say what is wrong with the body, or if it is a batch. */
async function parseBody(body: RequestJson): Promise<GraphQLParams | null> {
  try {
    const value = await body.parse()
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
    return Object.keys(value).every((name) => graphqlParamNames.has(name)) ? parseGraphQLParams(value) : null
  } catch {
    return null
  }
}

function toRequestInfo(request: IncomingMessage, response: ServerResponse, { viewer }: Caller): RequestInfo {
  const disconnect = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) disconnect.abort()
  })
  const { idempotencyKey, traceparent } = readOperationHeaders(request)
  return { viewer, idempotencyKey, traceparent, signal: disconnect.signal }
}

/** The highest status that the errors ask for, and their headers. */
function readHttpExtensions(errors: readonly GraphQLError[], mediaType: string) {
  const isJson = mediaType === 'application/json'
  let status = 0
  const headers: Record<string, string> = {}
  for (const { extensions } of errors) {
    const http = httpSchema.safeParse(extensions['http']).data
    Object.assign(headers, http?.headers)
    if (http && !(isJson && http.spec === true)) status = Math.max(status, http.status)
  }
  return { status: status || 200, headers }
}
