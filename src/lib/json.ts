/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

const maxDepth = 100 // levels; what recurses over a value later on has a stack of its own size

/** A JSON text's value, with well-formed strings; undefined for what is not JSON, or nested without end. */
export function parseJson(text: string): Json | undefined {
  try {
    const value: Json = JSON.parse(text)
    return toWellFormed(value, maxDepth)
  } catch {
    return undefined
  }
}

export function isJsonObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function toWellFormed(value: Json, depth: number): Json {
  if (typeof value === 'string') return value.toWellFormed()
  if (typeof value !== 'object' || value === null) return value
  if (depth === 0) throw new RangeError('Nested too deep')
  if (Array.isArray(value)) return value.map((item) => toWellFormed(item, depth - 1))
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key.toWellFormed(), toWellFormed(item, depth - 1)]),
  )
}
