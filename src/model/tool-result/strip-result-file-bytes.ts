import { isImageMediaType } from '../../lib/is-image-media-type.ts'
import type { Json } from '../../lib/text/json.ts'
import type { ToolResultFile } from './tool-result-content.ts'

/** Shorter data stays: replacing it would save nothing. In UTF-16 code units. */
const minDataLength = 512
const maxDepth = 100 // levels

/**
 * Replaces the files that earlier versions, and Hermes, stored as base64 within a result: by what a file is, without its
 * bytes. Returns the result itself if it has none.
 */
export function stripResultFileBytes(result: Json): Json {
  return shorten(result, maxDepth)
}

function shorten(value: Json, depthLimit: number): Json {
  if (typeof value !== 'object' || value === null || depthLimit === 0) return value
  if (Array.isArray(value)) {
    const items = value.map((item) => shorten(item, depthLimit - 1))
    return items.some((item, index) => item !== value[index]) ? items : value
  }
  const file = toFile(value)
  if (file) return file
  const entries = Object.entries(value).map(([key, item]): [string, Json] => [key, shorten(item, depthLimit - 1)])
  return entries.some(([key, item]) => item !== value[key]) ? Object.fromEntries(entries) : value
}

function toFile(value: { readonly [key: string]: Json }): { [key: string]: Json } | null {
  const { data = value['blob'], mimeType: mediaType = value['mediaType'], name = null, uri } = value
  if (typeof data !== 'string' || typeof mediaType !== 'string' || data.length < minDataLength) return null
  if (!/^[\w+/-]+={0,2}$/.test(data)) return null
  const file: ToolResultFile = {
    type: isImageMediaType(mediaType) ? 'image' : 'file',
    mediaType,
    name: typeof name === 'string' ? name : null,
    size: Math.floor((data.replace(/=+$/, '').length * 3) / 4),
    url: null,
  }
  return { ...file, ...(typeof uri === 'string' && { uri }) }
}
