import { Readable } from 'node:stream'
import { readRequestBody } from '../http/read-request-body.ts'
import type { RequestHandler } from '../http/router.ts'
import { sendJson } from '../http/send-json.ts'
import { createPayloadTooLargeError } from './graphql-errors.ts'

/** Reads the body of each POST request before `handle`, which finds it in the `body` of the request. Larger ones are 413. */
export function limitRequestBody(handle: RequestHandler, readMaxBytes: () => number): RequestHandler {
  return async (request, response, caller) => {
    if (request.method !== 'POST') return handle(request, response, caller)
    const maxBytes = readMaxBytes()
    const body = await readRequestBody(request, maxBytes)
    if (body === 'too large') return sendJson(response, 413, { errors: [createPayloadTooLargeError(maxBytes)] })
    return handle(Object.assign(request, { body: Readable.from([body]) }), response, caller)
  }
}
