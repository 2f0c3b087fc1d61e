import type { Json } from 'segue-client'
import { findText, isJsonObject, type JsonObject } from '../json-object.ts'
import type { SearchHit } from './tool-value.ts'

const listKeys = ['results', 'web', 'hits', 'matches', 'items', 'organic', 'data'] as const

/** The hits of a search, as most tools return them. Null for anything else. */
export function readSearchHits(value: Json): readonly SearchHit[] | null {
  const list = findList(value)
  if (!list || list.length === 0) return null
  const hits = list.map((item) => (isJsonObject(item) ? toHit(item) : null))
  const found = hits.filter((hit) => hit !== null)
  return found.length === list.length ? found : null
}

function findList(value: Json, depth = 0): readonly Json[] | null {
  if (Array.isArray(value)) return value
  if (!isJsonObject(value) || depth > 2) return null
  for (const key of listKeys) {
    const list = value[key] === undefined ? null : findList(value[key], depth + 1)
    if (list) return list
  }
  return null
}

function toHit(item: JsonObject): SearchHit | null {
  const url = findText(item, 'url', 'link', 'href')
  const text = findText(item, 'snippet', 'description', 'text', 'content', 'line', 'preview') ?? ''
  const title = findText(item, 'title', 'name')
  if (url !== null) return { title: title ?? url, url, text }
  const path = findText(item, 'path', 'file', 'filename')
  if (path === null) return null
  const line = item['line_number'] ?? item['lineNumber'] ?? item['line']
  return { title: typeof line === 'number' ? `${path}:${line}` : path, url: null, text }
}
