import { readRequestBody } from '../../http/read-request-body.ts'
import type { RequestHandler } from '../../http/router.ts'
import { sendJson } from '../../http/send-json.ts'
import { createPayloadTooLargeError } from '../graphql-errors.ts'
import { RequestJson } from '../request-json.ts'
import type { JsonRequestHandler } from './json-request-handler.ts'

/** Reads the body of each POST request before `handle`. Larger ones are 413. */
export function limitRequestBody(handle: JsonRequestHandler, readMaxBytes: () => number): RequestHandler {
  return async (request, response, caller) => {
    if (request.method !== 'POST') return void (await handle(request, response, caller, null))
    const maxBytes = readMaxBytes()
    const body = await readRequestBody(request, maxBytes)
    if (body === 'too large') return sendJson(response, 413, { errors: [createPayloadTooLargeError(maxBytes)] })
    await handle(request, response, caller, new RequestJson(body))
  }
}
