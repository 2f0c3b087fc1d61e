import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { createSdkProviderModel, type ProviderModel } from '../../../src/agent/providers/provider-model.ts'
import { createChatCompletionModel } from '../../../src/agent/providers/responses/chat-completions/create-chat-completion-model.ts'
import { createNormalizingFetch } from '../../../src/agent/providers/responses/normalizing-fetch.ts'
import { unwrapProviderResponseError } from '../../../src/agent/providers/responses/provider-error-events.ts'
import type { OnSkippedResponseParts } from '../../../src/agent/providers/responses/provider-response-reader.ts'

/** What a model makes of a response. */
export interface CollectedResponse {
  readonly text: string
  readonly reasoning: string
  /** The id, the name and the arguments of each call. */
  readonly calls: readonly (readonly [id: string, name: string, argumentsText: string])[]
  /** The provider's own reason. */
  readonly finish: string | undefined
  readonly usage: readonly [input: number | undefined, output: number | undefined]
  readonly error: unknown
  readonly skipped: Readonly<Record<string, number>>
}

/** A body in pieces; an Error breaks the connection, and null keeps it open for ever. */
export type ResponsePieces = readonly (string | Error | null)[]

/** Has a model read a response. The body is sent in these pieces. */
export async function collectResponse(
  format: 'chat-completions' | 'anthropic-messages',
  pieces: ResponsePieces,
  contentType = 'text/event-stream',
): Promise<CollectedResponse> {
  const skipped: Record<string, number> = {}
  const model = createModel(
    format,
    async () => new Response(toBody(pieces), { headers: { 'content-type': contentType } }),
    (counts) => void Object.assign(skipped, Object.fromEntries(counts)),
  )
  const inputs = new Map<string, [id: string, name: string, argumentsText: string]>()
  let [text, reasoning, finish, error]: [string, string, string | undefined, unknown] = ['', '', undefined, null]
  let usage: CollectedResponse['usage'] = [undefined, undefined]
  const request = { prompt: [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'Hi' }] }] }
  try {
    for await (const part of toParts(model.stream(request, () => undefined))) {
      if (part.type === 'text-delta') text += part.delta
      if (part.type === 'reasoning-delta') reasoning += part.delta
      if (part.type === 'tool-input-start') inputs.set(part.id, [part.id, part.toolName, ''])
      const input = part.type === 'tool-input-delta' ? inputs.get(part.id) : undefined
      if (input && part.type === 'tool-input-delta') input[2] += part.delta
      if (part.type === 'error') error ??= unwrapProviderResponseError(part.error)
      if (part.type !== 'finish') continue
      finish = part.finishReason.raw
      usage = [part.usage.inputTokens.total, part.usage.outputTokens.total]
    }
  } catch (cause) {
    error ??= cause
  }
  return { text, reasoning, calls: [...inputs.values()], finish, usage, error, skipped }
}

async function* toParts<T>(batches: AsyncIterable<readonly T[]>): AsyncGenerator<T> {
  for await (const batch of batches) yield* batch
}

function createModel(
  format: 'chat-completions' | 'anthropic-messages',
  fetch: typeof globalThis.fetch,
  onSkipped: OnSkippedResponseParts,
): ProviderModel {
  const options = { baseURL: 'http://provider.test/v1', apiKey: 'k' }
  if (format === 'anthropic-messages')
    return createSdkProviderModel('anthropic', async () =>
      createAnthropic({ ...options, fetch: createNormalizingFetch(fetch, onSkipped) })('m'),
    )
  return createChatCompletionModel({
    createSdkModel: (sdkFetch) =>
      createOpenAICompatible({ ...options, name: 'p', includeUsage: true, fetch: sdkFetch })('m'),
    fetch,
    onSkipped,
  })
}

function toBody(pieces: ResponsePieces): ReadableStream<Uint8Array> {
  const rest = [...pieces]
  return new ReadableStream({
    pull(controller) {
      const piece = rest.shift()
      if (piece === null) return new Promise<void>(() => undefined)
      if (piece === undefined) controller.close()
      else if (piece instanceof Error) controller.error(piece)
      else controller.enqueue(new TextEncoder().encode(piece))
      return undefined
    },
  })
}
