/** A JSON object of which nothing is known. */
export type UnknownRecord = Readonly<Record<string, unknown>>

export function isUnknownRecord(value: unknown): value is UnknownRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function toUnknownRecord(value: unknown): UnknownRecord {
  return isUnknownRecord(value) ? value : {}
}

/** The value as text: a string, or a number in place of one. Anything else is empty. */
export function coerceToText(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : ''
}

/** The value as an index: a number, or the digits of one. Null if it is neither. */
export function coerceToIndex(value: unknown): number | null {
  const index = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof index === 'number' && Number.isInteger(index) ? index : null
}

/** A list, or one item in place of a list of one. Nothing for null and undefined. */
export function listFromProviderValue(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value : [value]
}

/** The fields of these names that are set; null if none is. */
export function pickFields(value: UnknownRecord, names: readonly string[]): UnknownRecord | null {
  const set = names.filter((name) => value[name] !== undefined && value[name] !== null)
  return set.length > 0 ? Object.fromEntries(set.map((name) => [name, value[name]])) : null
}

/** Whether an object says that it is an error, beside or in place of an answer. */
export function isProviderErrorPayload(value: UnknownRecord): boolean {
  const { error, errors, object, type, code } = value
  if (isUnknownRecord(error) || (typeof error === 'string' && error.trim() !== '')) return true
  if (object === 'error' || type === 'error' || (Array.isArray(errors) && errors.length > 0)) return true
  // AWS, vLLM and gateways that send no envelope.
  return Number(code) >= 400 && typeof value['message'] === 'string'
}

/** Numbers by name, also within objects. */
export interface NumericFields {
  [name: string]: NumericFields | number
}

/**
 * Keeps the fields of a usage object that are numbers, also within objects, because one field of another type would cost
 * the whole event. Digits in a string become a number, and so does a boolean: 1 for true.
 */
export function pickNumericUsageFields(value: UnknownRecord): NumericFields {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, field]): [string, NumericFields | number][] => {
      if (isUnknownRecord(field)) return key.endsWith('_tokens') ? [] : [[key, pickNumericUsageFields(field)]]
      if (typeof field === 'boolean') return [[key, Number(field)]]
      const text = coerceToText(field).trim()
      const number = Number(text)
      return text !== '' && Number.isFinite(number) ? [[key, number]] : []
    }),
  )
}
