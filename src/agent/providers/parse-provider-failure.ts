import { APICallError, JSONParseError, TypeValidationError } from 'ai'
import { z } from 'zod'
import { parseJsonOrNull } from '../../lib/text/json.ts'

/** What is known about a failed request to a provider, whatever the form of the error. */
export interface ProviderFailure {
  /** The HTTP status, or its equivalent in an error within a stream. */
  readonly status: number | null
  /** The provider's error message. */
  readonly message: string | null
  /** All codes, names and messages of the error and its causes, in lower case and without URLs. */
  readonly searchText: string
}

const labelSchema = z.union([z.string(), z.number()]).nullish().catch(null)
const textSchema = z.string().nullish().catch(null)

const errorDetailsSchema = z.object({
  message: textSchema,
  detail: textSchema,
  type: labelSchema,
  code: labelSchema,
  status: labelSchema,
})
const errorPayloadSchema = errorDetailsSchema.extend({
  error: z.union([z.string(), errorDetailsSchema]).nullish().catch(null),
})

/** Parses an error of the AI SDK or of `fetch`, or an error that the provider sent in a body or within a stream. */
export function parseProviderFailure(error: unknown): ProviderFailure {
  const names = collectErrorNames(error)
  const parsed = errorPayloadSchema.safeParse(extractErrorPayload(error))
  if (!parsed.success)
    return {
      status: readHttpStatus(error),
      message: readPlainTextBody(error),
      searchText: toSearchText([...names, readPlainTextBody(error)]),
    }

  const { error: nested, ...outer } = parsed.data
  const inner = typeof nested === 'string' ? { message: nested } : nested
  const message = inner?.message ?? inner?.detail ?? outer.message ?? outer.detail ?? null
  const codes = [inner, outer].flatMap((level) => [level?.type, level?.code, level?.status])
  return {
    status: readHttpStatus(error) ?? codes.map(parseHttpStatus).find((status) => status !== null) ?? null,
    message,
    searchText: toSearchText([...names, ...codes, message]),
  }
}

/** The error object that the provider sent; null if it sent none. */
function extractErrorPayload(error: unknown): unknown {
  if (APICallError.isInstance(error)) return parseJsonOrNull(error.responseBody ?? '')
  if (TypeValidationError.isInstance(error)) return error.value
  // The SDK does not export its class for errors within a stream. It has the fields that the provider sent.
  if (error instanceof Error && error.name !== 'AI_StreamProviderError') return null
  return typeof error === 'string' ? { message: error } : error
}

/** A plain text body, as proxies send it. HTML is ignored, because it is no useful message. */
function readPlainTextBody(error: unknown): string | null {
  const body = APICallError.isInstance(error) ? (error.responseBody ?? '').trim() : ''
  return body === '' || body.startsWith('<') ? null : body
}

function readHttpStatus(error: unknown): number | null {
  return error instanceof Error && 'statusCode' in error ? parseHttpStatus(error.statusCode) : null
}

function parseHttpStatus(value: unknown): number | null {
  const status = Number(value)
  return Number.isInteger(status) && status >= 400 && status <= 599 ? status : null
}

/** The names and codes of an error and its causes, such as ECONNREFUSED. */
function collectErrorNames(error: unknown): string[] {
  const names: string[] = []
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth += 1) {
    names.push(cause.name)
    if ('code' in cause && typeof cause.code === 'string') names.push(cause.code)
  }
  if (JSONParseError.isInstance(error)) names.push('invalid json')
  return names
}

function toSearchText(parts: readonly unknown[]): string {
  return parts
    .filter((part) => typeof part === 'string' || typeof part === 'number')
    .join(' ')
    .replace(/https?:\/\/\S+/g, '')
    .toLowerCase()
}
