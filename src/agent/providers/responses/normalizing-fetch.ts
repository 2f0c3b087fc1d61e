import { AnthropicResponseRepairer } from './anthropic-response-repairer.ts'
import { ChatCompletionNormalizer } from './chat-completion-normalizer.ts'
import { formatNormalizedResponseEvents, ProviderResponseSseConverter } from './provider-response-sse-converter.ts'
import { parseCostHeader } from './parse-reported-cost.ts'
import { createProviderErrorEvent } from './provider-error-events.ts'
import type { ProviderResponseNormalizer, SkippedResponsePartReporter } from './provider-response-normalizer.ts'
import { ResponseTextReader } from './event-stream/response-text-reader.ts'

/** The formats in which providers are sent requests. */
export type ProviderWireFormat = 'chat-completions' | 'anthropic-messages'

export interface NormalizingFetchOptions {
  readonly format: ProviderWireFormat
  readonly fetch: typeof globalThis.fetch
  /** Called when a response ends, with how often each kind of unknown input in it was skipped. */
  readonly onSkipped: (counts: ReadonlyMap<string, number>) => void
}

/**
 * How long more is waited for after the end of an answer, in milliseconds: usage and further text follow it at once, but some
 * servers and gateways keep the connection open.
 */
const maxTrailingWaitMs = 3000

const normalizers: Readonly<
  Record<ProviderWireFormat, (reportSkipped: SkippedResponsePartReporter, cost?: number) => ProviderResponseNormalizer>
> = {
  'chat-completions': (reportSkipped, cost) => new ChatCompletionNormalizer(reportSkipped, cost),
  'anthropic-messages': (reportSkipped, cost) => new AnthropicResponseRepairer(reportSkipped, cost),
}

/**
 * Wraps `fetch` for a package of the AI SDK. A successful response, a stream or not, becomes the stream that the package
 * accepts, see `ProviderResponseNormalizer`. A failed one stays as it is. Rejects if there is an error in place of an answer, whatever
 * the status is; so it waits for the first event.
 */
export function createNormalizingFetch({
  format,
  fetch: request,
  onSkipped,
}: NormalizingFetchOptions): typeof globalThis.fetch {
  return async (input, init) => {
    const response = await request(input, init)
    if (!response.ok) return response
    const cost = parseCostHeader(response.headers)
    const conversion = new ProviderResponseSseConverter((reportSkipped) => normalizers[format](reportSkipped, cost))
    const reader = new ResponseTextReader(response)
    const onEnd = (): void => {
      reader.cancel()
      if (conversion.skippedCounts.size > 0) onSkipped(conversion.skippedCounts)
    }
    const first = await readConverted(reader, conversion).catch((error: unknown) => {
      onEnd()
      throw error
    })
    const headers = new Headers(response.headers)
    // They describe a body that was decoded and is replaced.
    headers.delete('content-length')
    headers.delete('content-encoding')
    headers.set('content-type', 'text/event-stream')
    return new Response(createBody(first, reader, conversion, onEnd), { headers })
  }
}

interface ConvertedText {
  readonly text: string
  readonly isLast: boolean
}

/** Reads until there is something to pass on. Rejects if the response ends without that, in an error. */
async function readConverted(
  reader: ResponseTextReader,
  conversion: ProviderResponseSseConverter,
): Promise<ConvertedText> {
  let failure: { readonly error: unknown } | null = null
  let endSeenAt: number | null = null
  try {
    while (!conversion.isDone && !conversion.failure) {
      if (conversion.hasEndMarker) endSeenAt ??= performance.now()
      // Pings do not prolong the wait.
      const remainingMs = endSeenAt === null ? null : Math.max(0, endSeenAt + maxTrailingWaitMs - performance.now())
      const piece = await reader.read(remainingMs)
      if (piece === null) break
      const text = conversion.convert(piece)
      if (text !== '') return { text, isLast: false }
    }
  } catch (error) {
    failure = { error }
  }
  const rest = conversion.flush()
  failure ??= conversion.failure
  try {
    // The connection broke, or the provider sent an error: neither matters once the answer is complete.
    if (failure && !conversion.hasEndMarker) throw failure.error
    return { text: rest + conversion.finish(), isLast: true }
  } catch (error) {
    if (rest === '' && !conversion.hasOutput) throw error
    return { text: rest + formatNormalizedResponseEvents([createProviderErrorEvent(error)]), isLast: true }
  }
}

/** `onEnd` is called at the end, and when the consumer cancels. */
function createBody(
  first: ConvertedText,
  reader: ResponseTextReader,
  conversion: ProviderResponseSseConverter,
  onEnd: () => void,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  const pass = ({ text, isLast }: ConvertedText, controller: ReadableStreamDefaultController<Uint8Array>): void => {
    controller.enqueue(encoder.encode(text))
    if (!isLast) return
    onEnd()
    controller.close()
  }
  return new ReadableStream(
    {
      start: (controller) => pass(first, controller),
      pull: async (controller) => pass(await readConverted(reader, conversion), controller),
      cancel: onEnd,
    },
    { highWaterMark: 0 },
  )
}
