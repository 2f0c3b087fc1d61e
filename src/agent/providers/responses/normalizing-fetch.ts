import { stringifyJson } from '../../../lib/text/json.ts'
import { AnthropicResponseRepairer } from './anthropic-response-repairer.ts'
import { parseCostHeader } from './parse-reported-cost.ts'
import { createProviderErrorEvent } from './provider-error-events.ts'
import {
  type OnSkippedResponseParts,
  type ProviderResponsePiece,
  ProviderResponseReader,
} from './provider-response-reader.ts'

/**
 * Wraps `fetch` for the AI SDK's package for Anthropic's format. A successful response, a stream or not, becomes the stream that
 * the package accepts, see `ProviderResponseNormalizer`. A failed one stays as it is. Rejects if there is an error in place of an
 * answer, whatever the status is; so it waits for the first event.
 */
export function createNormalizingFetch(
  request: typeof globalThis.fetch,
  onSkipped: OnSkippedResponseParts,
): typeof globalThis.fetch {
  return async (input, init) => {
    const response = await request(input, init)
    if (!response.ok) return response
    const cost = parseCostHeader(response.headers)
    const reader = new ProviderResponseReader(
      response,
      (reportSkipped) => new AnthropicResponseRepairer(reportSkipped, cost),
      onSkipped,
    )
    return createEventStreamResponse(createBody(await reader.read(), reader), response.headers)
  }
}

/** A response with another body, which is an event stream. */
export function createEventStreamResponse(body: ReadableStream<Uint8Array> | '', original: Headers): Response {
  const headers = new Headers(original)
  // They describe a body that was decoded and is replaced.
  headers.delete('content-length')
  headers.delete('content-encoding')
  headers.set('content-type', 'text/event-stream')
  return new Response(body, { headers })
}

function createBody(
  first: ProviderResponsePiece<object>,
  reader: ProviderResponseReader<object>,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  const pass = (
    { outputs, end }: ProviderResponsePiece<object>,
    controller: ReadableStreamDefaultController<Uint8Array>,
  ): void => {
    const last = end === null || end === 'complete' ? [] : [createProviderErrorEvent(end.error)]
    // One text for all, because each write costs more than an event.
    const text = [...outputs, ...last].map((event) => `data: ${stringifyJson(event)}\n\n`).join('')
    if (text !== '') controller.enqueue(encoder.encode(text))
    if (end !== null) controller.close()
  }
  return new ReadableStream(
    {
      start: (controller) => pass(first, controller),
      pull: async (controller) => pass(await reader.read(), controller),
      cancel: () => reader.close(),
    },
    { highWaterMark: 0 },
  )
}
