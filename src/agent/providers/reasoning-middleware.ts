import type { LanguageModelMiddleware } from 'ai'
import { z } from 'zod'

type StreamResult = Awaited<ReturnType<NonNullable<LanguageModelMiddleware['wrapStream']>>>
type StreamPart = StreamResult['stream'] extends ReadableStream<infer Part> ? Part : never

const textSchema = z.string().nullish().catch(null)
const chunkSchema = z.object({
  choices: z
    .array(z.object({ delta: z.object({ reasoning_content: textSchema, reasoning: textSchema }) }))
    .min(1)
    .transform(([choice]) => choice?.delta.reasoning_content || choice?.delta.reasoning || ''),
})

/**
 * Adds the reasoning that servers of another make send as `reasoning_content` or `reasoning`. The SDK's package for OpenAI
 * ignores these fields, because OpenAI's chat completions have no reasoning.
 */
export const reasoningMiddleware: LanguageModelMiddleware = {
  specificationVersion: 'v4',
  transformParams: async ({ params }) => ({ ...params, includeRawChunks: true }),
  wrapStream: async ({ doStream }) => {
    const result = await doStream()
    return { ...result, stream: result.stream.pipeThrough(createReasoningTransform()) }
  },
}

function createReasoningTransform(): TransformStream<StreamPart, StreamPart> {
  let blockCount = 0
  let openBlock: string | null = null
  return new TransformStream({
    transform(part, controller) {
      if (part.type !== 'raw') {
        if (openBlock !== null && endsReasoning(part)) {
          controller.enqueue({ type: 'reasoning-end', id: openBlock })
          openBlock = null
        }
        return controller.enqueue(part)
      }
      const text = readReasoning(part.rawValue)
      if (text === '') return
      if (openBlock === null) {
        blockCount += 1
        openBlock = `raw-reasoning-${blockCount}`
        controller.enqueue({ type: 'reasoning-start', id: openBlock })
      }
      controller.enqueue({ type: 'reasoning-delta', id: openBlock, delta: text })
    },
  })
}

/** Many servers send an empty `content` with each piece of reasoning. */
function endsReasoning(part: StreamPart): boolean {
  if (part.type === 'text-delta') return part.delta !== ''
  return part.type === 'tool-input-start' || part.type === 'tool-call' || part.type === 'finish'
}

function readReasoning(rawValue: unknown): string {
  const chunk = chunkSchema.safeParse(rawValue)
  return chunk.success ? chunk.data.choices : ''
}
