/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

const maxDepth = 100 // levels: code that recurses over a parsed value must not overflow the stack

/**
 * Parses JSON that is stored or sent on. All strings in the result are well-formed. Returns undefined if the text is not
 * JSON or is nested more than 100 levels deep.
 */
export function parseJson(text: string): Json | undefined {
  try {
    const value: Json = JSON.parse(text)
    return toWellFormedJson(value, maxDepth)
  } catch {
    return undefined
  }
}

/** Parses JSON that a schema validates afterwards. Returns null if the text is not JSON. */
export function parseJsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

export function isJsonObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Replaces each lone surrogate in a value's strings and keys with U+FFFD, because no provider accepts lone surrogates.
 * Throws RangeError if the value is nested more than `depthLimit` levels deep.
 */
export function toWellFormedJson(value: Json, depthLimit = Number.POSITIVE_INFINITY): Json {
  if (typeof value === 'string') return value.toWellFormed()
  if (typeof value !== 'object' || value === null) return value
  if (depthLimit === 0) throw new RangeError('The JSON value is nested too deeply.')
  if (Array.isArray(value)) return value.map((item) => toWellFormedJson(item, depthLimit - 1))
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key.toWellFormed(), toWellFormedJson(item, depthLimit - 1)]),
  )
}
