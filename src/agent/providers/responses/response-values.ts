/** A JSON object of which nothing is known. */
export type UnknownFields = Readonly<Record<string, unknown>>

export function isFields(value: unknown): value is UnknownFields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function toFields(value: unknown): UnknownFields {
  return isFields(value) ? value : {}
}

/** The value as text: a string, or a number in place of one. Anything else is empty. */
export function toText(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : ''
}

/** The value as an index: a number, or the digits of one. Null if it is neither. */
export function toIndex(value: unknown): number | null {
  const index = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof index === 'number' && Number.isInteger(index) ? index : null
}

/** A list, or one item in place of a list of one. Nothing for null and undefined. */
export function toList(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value : [value]
}

/** Whether an object says that it is an error, beside or in place of an answer. */
export function isErrorPayload(value: UnknownFields): boolean {
  const { error, errors, object, type, code } = value
  if (isFields(error) || (typeof error === 'string' && error.trim() !== '')) return true
  if (object === 'error' || type === 'error' || (Array.isArray(errors) && errors.length > 0)) return true
  // AWS, vLLM and gateways that send no envelope.
  return Number(code) >= 400 && typeof value['message'] === 'string'
}

/**
 * Keeps the fields of a usage object that are numbers, also within objects, because one field of another type would cost
 * the whole event. Digits in a string become a number.
 */
export function toNumericFields(value: UnknownFields): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, field]): [string, unknown][] => {
      if (isFields(field)) return key.endsWith('_tokens') ? [] : [[key, toNumericFields(field)]]
      const text = toText(field).trim()
      const number = Number(text)
      return text !== '' && Number.isFinite(number) ? [[key, number]] : []
    }),
  )
}
