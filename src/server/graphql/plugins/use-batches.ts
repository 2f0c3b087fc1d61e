import type { Plugin } from 'graphql-yoga'
import { encodeJsonInSteps } from '../../../lib/json-output/encode-json-in-steps.ts'
import type { RequestInfo } from '../../../schema/context.ts'
import type { Caller } from '../../auth/caller.ts'
import type { BatchRunner } from '../batch-runner.ts'
import { countBytes } from '../../http/chunk-bytes.ts'
import { toStream } from './use-large-results.ts'
import type { YogaServerContext } from './use-slow-consumer-timeout.ts'

/** Runs a request whose body is an array as a batch. Yoga would run the operations of a batch all at once. */
export function useBatches(
  batches: BatchRunner,
  readRequestInfo: (request: Request, caller: Caller) => RequestInfo,
): Plugin<object, YogaServerContext> {
  return {
    onRequestParse({ requestParser, setRequestParser, fetchAPI, serverContext: { caller } }) {
      if (!requestParser) return
      setRequestParser(async (request) => {
        const params = await requestParser(request)
        if (!Array.isArray(params)) return params
        // Not application/graphql-response+json: that is the type of one response.
        const results = await batches.run(params, readRequestInfo(request, caller))
        const chunks = await Array.fromAsync(encodeJsonInSteps(results))
        const headers = { 'content-type': 'application/json', 'content-length': String(countBytes(chunks)) }
        return new fetchAPI.Response(toStream(chunks), { headers })
      })
    },
  }
}
