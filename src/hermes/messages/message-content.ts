import type { Json, MessagePart } from '../../model/records.ts'
import { isObject, parseJson } from '../../lib/json.ts'
import { textOf } from '../state/cell-values.ts'

/** Before a content that is no plain text: without it even what looks like JSON is text. */
const jsonPrefix = '\0json:'

/** A content's value: a text, or the JSON that was stored in its place; null for none. */
export function contentOf(content: unknown): Json {
  const text = textOf(content)
  if (!text?.startsWith(jsonPrefix)) return text
  return parseJson(text.slice(jsonPrefix.length)) ?? text
}

/** What people see of a content: texts and files, in their order. */
export function contentParts(content: Json): MessagePart[] {
  if (typeof content === 'string') return textPart(content)
  const parts = Array.isArray(content) ? content : [content]
  return parts.flatMap((part) => {
    if (typeof part === 'string') return textPart(part)
    if (!isObject(part)) return []
    const url = imageUrl(part)
    if (url !== null) return filePart(url)
    return typeof part.text === 'string' ? textPart(part.text) : []
  })
}

/** The text of a reply that stands in `codex_message_items` alone: a list of items with parts of their own. */
export function codexParts(messageItems: unknown): MessagePart[] {
  const items = typeof messageItems === 'string' ? parseJson(messageItems) : undefined
  if (!Array.isArray(items)) return []
  const texts = items
    .filter(isObject)
    .flatMap((item) => (Array.isArray(item.content) ? item.content : []))
    .filter(isObject)
    .flatMap((part) => (part.type === 'output_text' && typeof part.text === 'string' ? part.text : []))
  return textPart(texts.join(''))
}

function textPart(text: string): MessagePart[] {
  return text === '' ? [] : [{ type: 'text', text }]
}

function imageUrl(part: { [key: string]: Json }): string | null {
  if (part.type !== 'image_url' && part.type !== 'input_image') return null
  const image = isObject(part.image_url) ? part.image_url.url : part.image_url
  return typeof image === 'string' ? image : null
}

const mediaTypes = new Map([
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

function filePart(url: string): MessagePart[] {
  const data = /^data:([^;,]*)/i.exec(url)
  if (data) return [{ type: 'file', mediaType: data[1] || 'image/*', name: null, url }]
  // A path of the agent's machine, or a page without encryption: told, never fetched.
  if (!/^https:\/\//i.test(url)) return textPart(url)
  const extension = /\.([a-z]+)(?:[?#]|$)/i.exec(url)?.[1]?.toLowerCase() ?? ''
  return [{ type: 'file', mediaType: mediaTypes.get(extension) ?? 'image/*', name: null, url }]
}
