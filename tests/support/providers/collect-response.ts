import { streamText } from 'ai'
import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import {
  createNormalizingFetch,
  type ProviderWireFormat,
} from '../../../src/agent/providers/responses/normalizing-fetch.ts'
import { unwrapProviderResponseError } from '../../../src/agent/providers/responses/provider-error-events.ts'

/** What the AI SDK makes of a response. */
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

/** Has the AI SDK read a response through the normalising fetch. The body is sent in these pieces. */
export async function collectResponse(
  format: ProviderWireFormat,
  pieces: ResponsePieces,
  contentType = 'text/event-stream',
): Promise<CollectedResponse> {
  const skipped: Record<string, number> = {}
  const options = {
    baseURL: 'http://provider.test/v1',
    apiKey: 'k',
    fetch: createNormalizingFetch({
      format,
      fetch: async () => new Response(toBody(pieces), { headers: { 'content-type': contentType } }),
      onSkipped: (counts) => void Object.assign(skipped, Object.fromEntries(counts)),
    }),
  }
  const model =
    format === 'anthropic-messages'
      ? createAnthropic(options)('m')
      : createOpenAICompatible({ ...options, name: 'p', includeUsage: true })('m')
  const { stream } = streamText({ model, prompt: 'Hi', maxRetries: 0, onError: () => {} })
  const inputs = new Map<string, [id: string, name: string, argumentsText: string]>()
  let [text, reasoning, finish, error]: [string, string, string | undefined, unknown] = ['', '', undefined, null]
  let usage: CollectedResponse['usage'] = [undefined, undefined]
  for await (const part of stream) {
    if (part.type === 'text-delta') text += part.text
    if (part.type === 'reasoning-delta') reasoning += part.text
    if (part.type === 'tool-input-start') inputs.set(part.id, [part.id, part.toolName, ''])
    const input = part.type === 'tool-input-delta' ? inputs.get(part.id) : undefined
    if (input && part.type === 'tool-input-delta') input[2] += part.delta
    if (part.type === 'error' && !(part.error instanceof Error && part.error.name.includes('NoSuchTool')))
      error ??= unwrapProviderResponseError(part.error)
    if (part.type !== 'finish-step') continue
    finish = part.rawFinishReason
    usage = [part.usage.inputTokens, part.usage.outputTokens]
  }
  return { text, reasoning, calls: [...inputs.values()], finish, usage, error, skipped }
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
