import type { LanguageModelMiddleware } from 'ai'

type StreamResult = Awaited<ReturnType<NonNullable<LanguageModelMiddleware['wrapStream']>>>
type StreamPart = StreamResult['stream'] extends ReadableStream<infer Part> ? Part : never

/**
 * Gives an empty signature to thoughts in Anthropic's format that have none. Servers of another make send such thoughts, and some
 * want them back; the SDK's package sends back no thoughts without a signature.
 */
export const emptyThoughtSignatureMiddleware: LanguageModelMiddleware = {
  specificationVersion: 'v4',
  wrapStream: async ({ doStream }) => {
    const result = await doStream()
    return { ...result, stream: result.stream.pipeThrough(createSignatureTransform()) }
  },
}

function createSignatureTransform(): TransformStream<StreamPart, StreamPart> {
  const unsignedIds = new Set<string>()
  const addSignature = (part: StreamPart): StreamPart => {
    switch (part.type) {
      case 'reasoning-delta':
        if (part.delta !== '') unsignedIds.add(part.id)
        // The metadata is the signature, which ends the block.
        if (part.providerMetadata?.['anthropic']) unsignedIds.delete(part.id)
        return part
      case 'reasoning-end':
        return unsignedIds.delete(part.id) ? { ...part, providerMetadata: { anthropic: { signature: '' } } } : part
      default:
        return part
    }
  }
  return new TransformStream({ transform: (part, controller) => controller.enqueue(addSignature(part)) })
}
