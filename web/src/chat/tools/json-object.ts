import type { Json } from 'segue-client'

export interface JsonObject {
  readonly [key: string]: Json
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value of the first of these keys that is a text. */
export function findText(values: JsonObject, ...keys: readonly string[]): string | null {
  for (const key of keys) {
    const value = values[key]
    if (typeof value === 'string') return value
  }
  return null
}
