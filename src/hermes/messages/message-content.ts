import { type Json, isJsonObject, parseJson } from '../../lib/text/json.ts'
import type { MessagePart } from '../../model/message.ts'
import { textFromHermesCell } from '../state/cell-values.ts'

/** Precedes contents that are JSON. Without it, even text that looks like JSON is plain text. */
const jsonPrefix = '\0json:'

/** The text or JSON in a cell of `content`; null if there is none. */
export function decodeHermesMessageContent(content: unknown): Json {
  const text = textFromHermesCell(content)
  if (!text?.startsWith(jsonPrefix)) return text
  return parseJson(text.slice(jsonPrefix.length)) ?? text
}

/** The texts and files of a content, in order. */
export function hermesContentToParts(content: Json): MessagePart[] {
  if (typeof content === 'string') return toTextParts(content)
  const parts = Array.isArray(content) ? content : [content]
  return parts.flatMap((part) => {
    if (typeof part === 'string') return toTextParts(part)
    if (!isJsonObject(part)) return []
    const url = findImageUrl(part)
    if (url !== null) return toFileParts(url)
    return typeof part.text === 'string' ? toTextParts(part.text) : []
  })
}

/** The text of an answer that only `codex_message_items` contains: a list of items with parts. */
export function hermesCodexToParts(messageItems: unknown): MessagePart[] {
  const items = typeof messageItems === 'string' ? parseJson(messageItems) : undefined
  if (!Array.isArray(items)) return []
  const texts = items
    .filter(isJsonObject)
    .flatMap((item) => (Array.isArray(item.content) ? item.content : []))
    .filter(isJsonObject)
    .flatMap((part) => (part.type === 'output_text' && typeof part.text === 'string' ? part.text : []))
  return toTextParts(texts.join(''))
}

function toTextParts(text: string): MessagePart[] {
  return text === '' ? [] : [{ type: 'text', text }]
}

function findImageUrl(part: { [key: string]: Json }): string | null {
  if (part.type !== 'image_url' && part.type !== 'input_image') return null
  const image = isJsonObject(part.image_url) ? part.image_url.url : part.image_url
  return typeof image === 'string' ? image : null
}

const mediaTypesByExtension = new Map([
  ['png', 'image/png'],
  ['jpg', 'image/jpeg'],
  ['jpeg', 'image/jpeg'],
  ['gif', 'image/gif'],
  ['webp', 'image/webp'],
  ['avif', 'image/avif'],
  ['svg', 'image/svg+xml'],
  ['bmp', 'image/bmp'],
  ['heic', 'image/heic'],
])

function toFileParts(url: string): MessagePart[] {
  const data = /^data:([^;,]*)/i.exec(url)
  if (data) return [{ type: 'file', mediaType: data[1] || 'image/*', name: null, url }]
  // A path on the agent's machine or an unencrypted URL: shown as text, never fetched.
  if (!/^https:\/\//i.test(url)) return toTextParts(url)
  const extension = /\.([a-z]+)(?:[?#]|$)/i.exec(url)?.[1]?.toLowerCase() ?? ''
  return [{ type: 'file', mediaType: mediaTypesByExtension.get(extension) ?? 'image/*', name: null, url }]
}
