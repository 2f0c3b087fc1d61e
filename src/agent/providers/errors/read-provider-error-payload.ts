import { parseJsonOrNull } from '../../../lib/text/json.ts'
import { providerDialects } from '../select-dialect.ts'

/** What an error in JSON says. */
export interface ProviderErrorPayload {
  /** Its message, in the provider's own words. */
  readonly message: string | null
  /** The values of its codes, types and statuses, from the outside to the inside. */
  readonly labels: readonly string[]
}

const maxDepth = 6

/** Keys of messages, the most specific one first: those of dialects, then the common ones. `detail` is FastAPI's. */
const messageKeys = [
  ...providerDialects.flatMap(({ errors }) => errors.messageKeys),
  'error',
  'errors',
  'message',
  'detail',
  'error_description',
  'msg',
  'title',
]
const labelKeys = [
  'type',
  'code',
  'status',
  '__type',
  'reason',
  'reasons',
  'error_type',
  'error_code',
  'statusCode',
  'StatusCode',
]
/** Keys of objects that may contain labels. */
const nestedKeys = [...messageKeys, 'details', 'innererror']

/** Reads the error that a provider sent, whatever its shape: an object, a list with one (Gemini), or a text. */
export function readProviderErrorPayload(payload: unknown): ProviderErrorPayload {
  return { message: findMessage(payload, 0), labels: collectLabels(payload, 0) }
}

function findMessage(value: unknown, depth: number): string | null {
  if (depth > maxDepth) return null
  if (typeof value === 'string') return findMessageInText(value, depth)
  if (Array.isArray(value))
    return value.map((item) => findMessage(item, depth + 1)).find((text) => text !== null) ?? null
  if (!isObject(value)) return null
  for (const key of messageKeys) {
    const message = findMessage(value[key], depth + 1)
    if (message !== null) return key === 'msg' ? withLocation(message, value.loc) : message
  }
  return null
}

/** Some gateways put the JSON of an upstream provider into a text. HTML is no useful message. */
function findMessageInText(text: string, depth: number): string | null {
  const trimmed = text.trim()
  if (trimmed === '' || trimmed.startsWith('<')) return null
  const inner = /^[{[]/.test(trimmed) ? parseJsonOrNull(trimmed) : null
  return findMessage(inner, depth + 1) ?? trimmed
}

/** FastAPI names the place of an invalid value in `loc`. */
function withLocation(message: string, location: unknown): string {
  return Array.isArray(location) && location.length > 0 ? `${location.join('.')}: ${message}` : message
}

function collectLabels(value: unknown, depth: number): string[] {
  if (depth > maxDepth) return []
  if (typeof value === 'string') return /^\s*[{[]/.test(value) ? collectLabels(parseJsonOrNull(value), depth + 1) : []
  if (Array.isArray(value)) return value.flatMap((item) => collectLabels(item, depth + 1))
  if (!isObject(value)) return []
  const labels = labelKeys
    .flatMap((key) => value[key])
    .filter((label) => typeof label === 'string' || typeof label === 'number')
  return [...labels.map(String), ...nestedKeys.flatMap((key) => collectLabels(value[key], depth + 1))]
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
