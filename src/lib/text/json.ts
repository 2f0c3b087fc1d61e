/**
 * Any JSON value. Integers that a double cannot represent are bigints, so that they keep their digits. `JSON.stringify`
 * throws for them: use `stringifyJson`, or `toRawJson` for code that calls `JSON.stringify` itself.
 */
export type Json = null | boolean | number | bigint | string | Json[] | { [key: string]: Json }

/** A JSON object that is not changed. */
export type JsonObject = { readonly [key: string]: Json }

declare global {
  // https://github.com/tc39/proposal-json-parse-with-source
  interface JSON {
    rawJSON(text: string): object
  }
}

const maxDepth = 100 // levels: code that recurses over a parsed value must not overflow the stack

/** Whether JSON text may have a number that a double cannot represent. A reviver is slow, so it is used only then. */
const mayHaveInexactNumber = /\d{16}|\d[eE]\+?\d{3}/

/**
 * Like `JSON.parse`, but with exact numbers, see `parseExactNumber`. Throws SyntaxError for text that is not JSON, and
 * RangeError if it has such numbers and is nested too deeply for the stack.
 */
export function parseJsonWithExactNumbers(text: string) {
  return mayHaveInexactNumber.test(text) ? JSON.parse(text, reviveExactNumber) : JSON.parse(text)
}

/**
 * The value of a JSON number. Integers that would lose digits as a double become bigints. Numbers beyond the range of doubles, such as
 * 1e400, become strings of their source text.
 */
export function parseExactNumber(source: string): number | bigint | string {
  const value = Number(source)
  if (!Number.isFinite(value)) return source
  const isExact = Number.isSafeInteger(value) || String(value) === source
  return isExact || !/^-?\d+$/.test(source) ? value : BigInt(source)
}

/** A reviver for `JSON.parse`: see `parseExactNumber`. */
export function reviveExactNumber(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source
  return typeof value === 'number' && source !== undefined ? parseExactNumber(source) : value
}

/**
 * Parses JSON that is stored or sent on. All strings in the result are well-formed. Returns undefined if the text is not
 * JSON or is nested more than 100 levels deep. Its numbers are exact, see `parseExactNumber`.
 */
export function parseJson(text: string): Json | undefined {
  try {
    return mapWellFormedJson(parseJsonWithExactNumbers(text), maxDepth, throwTooDeep)
  } catch {
    return undefined
  }
}

/** Parses JSON that a schema validates afterwards. Its integers are rounded to doubles. Returns null if it is not JSON. */
export function parseJsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Parses JSON that a schema validates afterwards, with exact numbers. Returns null if it is not JSON. */
export function parseJsonWithExactNumbersOrNull(text: string): unknown {
  try {
    return parseJsonWithExactNumbers(text)
  } catch {
    return null
  }
}

/** Like `JSON.stringify`, but writes bigints as integers with all their digits. */
export function stringifyJson(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch (error) {
    // A replacer is slow, and few values have bigints.
    if (!(error instanceof TypeError)) throw error
    return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? toRawInteger(inner) : inner))
  }
}

/** The value in a form that `JSON.stringify` writes with all digits. */
export function toRawJson(value: Json): unknown {
  return mapBigIntegers(value, toRawInteger)
}

/** A key that much code loses or misreads: assigning it to an object replaces its prototype. */
export const prototypeKey = '__proto__'

/**
 * The paths of all keys `__proto__` in a value, such as `providers.__proto__`, the prefix included. Deeper than 100 levels, none
 * is looked for.
 */
export function listPrototypeKeys(value: unknown, prefix = '', depthLimit = maxDepth): string[] {
  if (typeof value !== 'object' || value === null || depthLimit === 0) return []
  return Object.entries(value).flatMap(([key, item]) =>
    key === prototypeKey ? [`${prefix}${key}`] : listPrototypeKeys(item, `${prefix}${key}.`, depthLimit - 1),
  )
}

/** Whether a value contains an integer that a double cannot represent. */
export function hasBigInteger(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint'
  return Object.values(value).some(hasBigInteger)
}

/** Replaces the bigints in a value. Returns the value itself if it has none. */
export function mapBigIntegers(value: unknown, map: (integer: bigint) => unknown): unknown {
  if (!hasBigInteger(value)) return value
  if (typeof value === 'bigint') return map(value)
  if (Array.isArray(value)) return value.map((item) => mapBigIntegers(item, map))
  return Object.fromEntries(Object.entries(value ?? {}).map(([key, item]) => [key, mapBigIntegers(item, map)]))
}

function toRawInteger(integer: bigint): object {
  return JSON.rawJSON(integer.toString())
}

export function isJsonObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Replaces each lone surrogate in a value's strings and keys with U+FFFD, because no provider accepts lone surrogates.
 * What is nested more than 100 levels deep becomes a string of its JSON.
 */
export function toWellFormedJson(value: Json): Json {
  return mapWellFormedJson(value, maxDepth, stringifyDeepJson)
}

function mapWellFormedJson(value: Json, depthLimit: number, onTooDeep: (value: Json) => Json): Json {
  if (typeof value === 'string') return value.toWellFormed()
  if (typeof value !== 'object' || value === null) return value
  if (depthLimit === 0) return onTooDeep(value)
  const map = (item: Json): Json => mapWellFormedJson(item, depthLimit - 1, onTooDeep)
  if (Array.isArray(value)) return value.map(map)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key.toWellFormed(), map(item)]))
}

function stringifyDeepJson(value: Json): string {
  try {
    return stringifyJson(value).toWellFormed()
  } catch {
    return '[This value is nested too deeply.]'
  }
}

function throwTooDeep(): never {
  throw new RangeError('The JSON value is nested too deeply.')
}
