import type { LanguageModelMiddleware } from 'ai'
import { z } from 'zod'
import { ChatCompletionOpaqueStateCollector } from './chat-completion-opaque-state-collector.ts'
import { opaqueStateMetadataKey, opaqueProviderFieldsSchema } from './part-opaque-state.ts'

type StreamResult = Awaited<ReturnType<NonNullable<LanguageModelMiddleware['wrapStream']>>>
type StreamPart = StreamResult['stream'] extends ReadableStream<infer Part> ? Part : never

const addedMetadataSchema = z.object({
  [opaqueStateMetadataKey]: z.object({
    /** Of reasoning: the field that it came in. */
    textField: z.string().optional(),
    /** Of a tool call, or of the whole message at its end. */
    fields: opaqueProviderFieldsSchema.optional(),
  }),
})

type AddedMetadata = z.output<typeof addedMetadataSchema>[typeof opaqueStateMetadataKey]

/**
 * Adds what a provider wants back to the parts of a stream that it belongs to: the SDK's package for OpenAI-compatible servers
 * reads little of it.
 */
export const opaqueProviderStateMiddleware: LanguageModelMiddleware = {
  specificationVersion: 'v4',
  wrapStream: async ({ model, params }) => {
    const result = await model.doStream({ ...params, includeRawChunks: true })
    return { ...result, stream: result.stream.pipeThrough(createStateTransform(params.includeRawChunks ?? false)) }
  },
}

/** Reads what the middleware has added to the metadata of a part. */
export function readOpaqueStateMetadata(providerMetadata: unknown): AddedMetadata {
  return addedMetadataSchema.safeParse(providerMetadata).data?.[opaqueStateMetadataKey] ?? {}
}

function createStateTransform(keepsRawChunks: boolean): TransformStream<StreamPart, StreamPart> {
  const reader = new ChatCompletionOpaqueStateCollector()
  return new TransformStream({
    transform(part, controller) {
      if (part.type === 'raw') reader.read(part.rawValue)
      if (part.type !== 'raw' || keepsRawChunks) controller.enqueue(addState(part, reader))
    },
  })
}

function addState(part: StreamPart, reader: ChatCompletionOpaqueStateCollector): StreamPart {
  switch (part.type) {
    case 'reasoning-start':
      return addMetadata(part, { textField: reader.reasoningField ?? undefined })
    case 'tool-call':
      return addMetadata(part, { fields: reader.findToolCallState(part.toolCallId) ?? undefined })
    case 'finish':
      return addMetadata(part, { fields: reader.messageState ?? undefined })
    default:
      return part
  }
}

type PartWithMetadata = Extract<StreamPart, { type: 'reasoning-start' | 'tool-call' | 'finish' }>

function addMetadata(part: PartWithMetadata, added: AddedMetadata): StreamPart {
  const isEmpty = added.textField === undefined && added.fields === undefined
  return isEmpty ? part : { ...part, providerMetadata: { ...part.providerMetadata, [opaqueStateMetadataKey]: added } }
}
