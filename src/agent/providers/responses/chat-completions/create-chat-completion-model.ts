import type { ProviderModel } from '../../provider-model.ts'
import { createEventStreamResponse } from '../normalizing-fetch.ts'
import { parseCostHeader } from '../parse-reported-cost.ts'
import { type OnSkippedResponseParts, ProviderResponseReader } from '../provider-response-reader.ts'
import type { SkippedResponsePartReporter } from '../provider-response-normalizer.ts'
import type { SdkModel, SdkRequest } from '../sdk-types.ts'
import { ChatCompletionNormalizer } from './chat-completion-normalizer.ts'
import { ChatCompletionPartMapper } from './chat-completion-part-mapper.ts'
import type { ChatCompletionPiece } from './chat-completion-piece.ts'

export interface ChatCompletionModelOptions {
  /** Creates the AI SDK's model, which sends its requests with this `fetch`. */
  readonly createSdkModel: (fetch: typeof globalThis.fetch) => SdkModel
  readonly fetch: typeof globalThis.fetch
  readonly onSkipped: OnSkippedResponseParts
}

/**
 * A model that answers with chat completions. The AI SDK's package composes the requests, and says why one has failed. It is
 * not given the answers: its streams and checks would cost more than all that Segue does with a token. They are read here.
 */
export function createChatCompletionModel(options: ChatCompletionModelOptions): ProviderModel {
  const { provider, supportedUrls } = options.createSdkModel(options.fetch)
  return {
    provider,
    supportedUrls,
    async *stream(request, onResponse) {
      using reader = await openResponse(options, request)
      const mapper = new ChatCompletionPartMapper()
      for (let isFirst = true; ; isFirst = false) {
        const { outputs, end } = await reader.read()
        // An error in place of an answer is none: the request may be sent again.
        if (isFirst) onResponse()
        const parts = outputs.flatMap((piece) => mapper.map(piece))
        if (parts.length > 0) yield parts
        if (end === 'complete') return
        if (end) throw end.error
      }
    },
  }
}

async function openResponse(
  { createSdkModel, fetch, onSkipped }: ChatCompletionModelOptions,
  request: SdkRequest,
): Promise<ProviderResponseReader<ChatCompletionPiece>> {
  const readers: ProviderResponseReader<ChatCompletionPiece>[] = []
  const model = createSdkModel(async (input, init) => {
    const response = await fetch(input, init)
    if (!response.ok) return response
    const cost = parseCostHeader(response.headers)
    const createNormalizer = (reportSkipped: SkippedResponsePartReporter): ChatCompletionNormalizer =>
      new ChatCompletionNormalizer(reportSkipped, cost)
    readers.push(new ProviderResponseReader(response, createNormalizer, onSkipped))
    return createEventStreamResponse('', response.headers)
  })
  const { stream } = await model.doStream(request)
  await stream.cancel()
  const [reader] = readers
  if (!reader) throw new Error('The SDK has sent no request.')
  return reader
}
