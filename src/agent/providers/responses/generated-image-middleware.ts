import type { LanguageModelMiddleware } from 'ai'
import { toUnknownRecord, listFromProviderValue, coerceToText, type UnknownRecord } from './response-values.ts'

/** The key of the metadata of a file part that has a URL in place of data. */
export const generatedFileUrlMetadataKey = 'segue'

type StreamPart = Awaited<ReturnType<SdkModel['doStream']>>['stream'] extends ReadableStream<infer Part> ? Part : never
type SdkModel = Parameters<NonNullable<LanguageModelMiddleware['wrapStream']>>[0]['model']
type FileStreamPart = Extract<StreamPart, { readonly type: 'file' }>

/**
 * Reads the images that a model generates from chat completions, as OpenRouter, LiteLLM and Gemini send them: in `images` of
 * a delta. The SDK's package does not know them. They become file parts, each once.
 */
export const generatedImageMiddleware: LanguageModelMiddleware = {
  specificationVersion: 'v4',
  wrapStream: async ({ model, params }) => {
    const result = await model.doStream({ ...params, includeRawChunks: true })
    return { ...result, stream: result.stream.pipeThrough(createImageTransform(params.includeRawChunks ?? false)) }
  },
}

function createImageTransform(keepsRawChunks: boolean): TransformStream<StreamPart, StreamPart> {
  const seenUrls = new Set<string>()
  return new TransformStream({
    transform(part, controller) {
      if (part.type !== 'raw') return controller.enqueue(part)
      for (const url of readImageUrls(part.rawValue)) {
        const filePart = seenUrls.has(url) ? null : toFilePart(url)
        seenUrls.add(url)
        if (filePart) controller.enqueue(filePart)
      }
      if (keepsRawChunks) controller.enqueue(part)
    },
  })
}

function readImageUrls(chunk: unknown): string[] {
  const choices = listFromProviderValue(toUnknownRecord(chunk)['choices']).map(toUnknownRecord)
  const images = choices.flatMap(({ delta }) =>
    listFromProviderValue(toUnknownRecord(delta)['images']).map(toUnknownRecord),
  )
  return images.flatMap((image) => {
    const source = image['image_url'] ?? image['imageUrl'] ?? image['url']
    const url = toUnknownRecord(source)['url'] ?? source ?? toDataUrl(image)
    return typeof url === 'string' ? [url] : []
  })
}

/** The URL of an image that is sent as its bytes: in the forms of Anthropic and Gemini. */
function toDataUrl(image: UnknownRecord): string | null {
  const source = toUnknownRecord(image['source'] ?? image['inline_data'] ?? image['inlineData'] ?? image)
  const data = source['data'] ?? source['b64_json']
  const mediaType = source['media_type'] ?? source['mime_type'] ?? source['mimeType'] ?? 'image/png'
  return typeof data === 'string' ? `data:${coerceToText(mediaType)};base64,${data}` : null
}

/** The part for a data URL or an https URL. Null for any other, which nobody could read, and for one without data. */
function toFilePart(url: string): FileStreamPart | null {
  if (/^https:\/\//i.test(url))
    return {
      type: 'file',
      mediaType: 'image/*',
      data: { type: 'data', data: '' },
      providerMetadata: { [generatedFileUrlMetadataKey]: { url } },
    }
  const [header = ''] = url.slice(0, maxHeaderLength).split(',', 1)
  const mediaType = /^data:(?<type>[\w.+-]+\/[\w.+-]+);(?:[^,]*;)?base64$/i.exec(header)?.groups?.['type']
  if (mediaType === undefined || url.length === header.length + 1) return null
  return { type: 'file', mediaType, data: { type: 'data', data: url.slice(header.length + 1) } }
}

const maxHeaderLength = 200 // UTF-16 code units
