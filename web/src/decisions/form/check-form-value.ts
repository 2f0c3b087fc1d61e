import type { Json, JsonObject } from 'segue-client'
import { strings } from '../../strings/strings.ts'
import type { FormField } from './form-field.ts'

/** What is wrong with a value of a form. Null if nothing is; the server checks it again, against all of the schema. */
export function checkFormValue({ kind, format, schema }: FormField, value: Json): string | null {
  const texts = strings.decisions.fields
  switch (kind) {
    case 'text':
      return typeof value === 'string' ? checkText(value, format, schema) : null
    case 'number':
    case 'integer':
      if (typeof value !== 'number') return texts.number
      return kind === 'integer' && !Number.isInteger(value) ? texts.integer : checkNumber(value, schema)
    case 'choices':
      return Array.isArray(value) ? checkCount(value.length, schema) : null
    case 'json':
      return typeof value === 'string' && schema['type'] !== undefined ? texts.json : null
    default:
      return null
  }
}

function checkNumber(value: number, { minimum, maximum }: JsonObject): string | null {
  const texts = strings.decisions.fields
  if (typeof minimum === 'number' && value < minimum) return texts.atLeast(minimum)
  return typeof maximum === 'number' && value > maximum ? texts.atMost(maximum) : null
}

function checkText(text: string, format: string | null, { minLength, maxLength, pattern }: JsonObject): string | null {
  const texts = strings.decisions.fields
  const { length } = [...text]
  if (typeof minLength === 'number' && length < minLength) return texts.tooShort(minLength)
  if (typeof maxLength === 'number' && length > maxLength) return texts.tooLong(maxLength)
  if (format === 'email' && !/^[^\s@]+@[^\s@]+$/.test(text)) return texts.email
  if (format === 'uri' && !URL.canParse(text)) return texts.url
  return typeof pattern === 'string' && !matches(pattern, text) ? texts.pattern : null
}

function checkCount(count: number, { minItems, maxItems }: JsonObject): string | null {
  const texts = strings.decisions.fields
  if (typeof minItems === 'number' && count < minItems) return texts.tooFew(minItems)
  return typeof maxItems === 'number' && count > maxItems ? texts.tooMany(maxItems) : null
}

/** A pattern that is no regular expression here is left to the server. */
function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(text)
  } catch {
    return true
  }
}
