import { AnthropicMessageNormalizer } from './anthropic-message-normalizer.ts'
import { ChatCompletionNormalizer } from './chat-completion-normalizer.ts'
import { formatResponseEvents, ResponseConversion } from './response-conversion.ts'
import { createResponseErrorEvent } from './response-error-events.ts'
import type { ResponseNormalizer, SkippedInputReporter } from './response-normalizer.ts'
import { ResponseTextReader } from './response-text-reader.ts'

/** The formats in which providers are sent requests. */
export type ResponseFormat = 'chat-completions' | 'anthropic-messages'

export interface NormalizingFetchOptions {
  readonly format: ResponseFormat
  readonly fetch: typeof fetch
  /** Called when a response ends, with how often each kind of unknown input in it was skipped. */
  readonly onSkipped: (counts: ReadonlyMap<string, number>) => void
}

const normalizers: Readonly<Record<ResponseFormat, (reportSkipped: SkippedInputReporter) => ResponseNormalizer>> = {
  'chat-completions': (reportSkipped) => new ChatCompletionNormalizer(reportSkipped),
  'anthropic-messages': (reportSkipped) => new AnthropicMessageNormalizer(reportSkipped),
}

/**
 * Wraps `fetch` for a package of the AI SDK. A successful response, a stream or not, becomes the stream that the package
 * accepts, see `ResponseNormalizer`. A failed one stays as it is. Rejects if there is an error in place of an answer, whatever
 * the status is; so it waits for the first event.
 */
export function createNormalizingFetch({ format, fetch: request, onSkipped }: NormalizingFetchOptions): typeof fetch {
  return async (input, init) => {
    const response = await request(input, init)
    if (!response.ok) return response
    const reader = new ResponseTextReader(response)
    const conversion = new ResponseConversion(normalizers[format])
    const onEnd = (): void => {
      reader.cancel()
      if (conversion.skippedCounts.size > 0) onSkipped(conversion.skippedCounts)
    }
    const texts = convertResponse(reader, conversion)
    const first = await texts.next().catch((error: unknown) => {
      onEnd()
      throw error
    })
    const headers = new Headers(response.headers)
    // They describe a body that was decoded and is replaced.
    headers.delete('content-length')
    headers.delete('content-encoding')
    headers.set('content-type', 'text/event-stream')
    return new Response(encodeStream(first.done ? '' : first.value, texts, onEnd), { headers })
  }
}

async function* convertResponse(reader: ResponseTextReader, conversion: ResponseConversion): AsyncGenerator<string> {
  let failure: { readonly error: unknown } | null = null
  try {
    while (!conversion.isDone) {
      const text = await reader.read()
      if (text === null) break
      yield* conversion.convert(text)
    }
  } catch (error) {
    failure = { error }
  }
  yield* conversion.flush()
  // The connection broke, or the provider sent an error: neither matters once the answer is complete.
  if (failure && !conversion.hasEndMarker) throw failure.error
  yield* conversion.finish()
}

/** `onEnd` is called at the end, and when the consumer cancels. An error of `texts` becomes an event. */
function encodeStream(first: string, texts: AsyncGenerator<string>, onEnd: () => void): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream(
    {
      start: (controller) => controller.enqueue(encoder.encode(first)),
      async pull(controller) {
        const text = await readNext(texts)
        if (text !== null) return controller.enqueue(encoder.encode(text))
        onEnd()
        controller.close()
      },
      cancel: onEnd,
    },
    { highWaterMark: 0 },
  )
}

async function readNext(texts: AsyncGenerator<string>): Promise<string | null> {
  try {
    const next = await texts.next()
    return next.done ? null : next.value
  } catch (error) {
    return formatResponseEvents([createResponseErrorEvent(error)])
  }
}
