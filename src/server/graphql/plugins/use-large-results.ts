import type { ExecutionResult } from 'graphql'
import { isAsyncIterable, type Plugin } from 'graphql-yoga'
import { isSmallJson } from '../../../lib/json-output/encode-json-in-steps.ts'
import { chunkBytes, countBytes } from '../../http/chunk-bytes.ts'
import { encodeResult } from '../json/encode-result.ts'

/** Writes a large result in steps. Yoga would write it at once, and send it as one text. */
export function useLargeResults(): Plugin {
  return {
    onResultProcess({ request, result, resultProcessor, setResultProcessor }) {
      if (!resultProcessor || Array.isArray(result) || isAsyncIterable(result) || isSmallJson(result.data)) return
      const largeResult: ExecutionResult = result
      const mediaType = request.headers.get('accept') ?? '*/*'
      setResultProcessor(async (_, fetchAPI, acceptedMediaType) => {
        const { status, headers } = await resultProcessor({ ...largeResult, data: {} }, fetchAPI, acceptedMediaType)
        const body = await encodeResult(largeResult)
        headers.set('content-length', String(countBytes(body)))
        return new fetchAPI.Response(toStream(body), { status, headers })
      }, mediaType)
    },
  }
}

/** A body that Yoga sends in chunks. */
export function toStream(body: string | readonly Buffer[]): ReadableStream {
  return new ReadableStream({
    start(controller) {
      for (const chunk of typeof body === 'string' ? chunkBytes(body) : body) controller.enqueue(chunk)
      controller.close()
    },
  })
}
