import { coerceToText, toUnknownRecord, type UnknownRecord } from '../response-values.ts'
import type { ResponsePart } from '../sdk-types.ts'

type FilePart = Extract<ResponsePart, { readonly type: 'file' }>

/** In UTF-16 code units. */
const maxHeaderLength = 200

/** The URLs of images that a model has generated, as OpenRouter, LiteLLM and Gemini send them in chat completions. */
export function readImageUrls(images: readonly unknown[]): string[] {
  return images.map(toUnknownRecord).flatMap((image) => {
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
export function imageUrlToPart(url: string): FilePart | null {
  if (/^https:\/\//i.test(url)) {
    const parsed = URL.parse(url)
    return parsed && { type: 'file', mediaType: 'image/*', data: { type: 'url', url: parsed, originalUrl: url } }
  }
  const [header = ''] = url.slice(0, maxHeaderLength).split(',', 1)
  const mediaType = /^data:(?<type>[\w.+-]+\/[\w.+-]+);(?:[^,]*;)?base64$/i.exec(header)?.groups?.['type']
  if (mediaType === undefined || url.length === header.length + 1) return null
  return { type: 'file', mediaType, data: { type: 'data', data: url.slice(header.length + 1) } }
}
