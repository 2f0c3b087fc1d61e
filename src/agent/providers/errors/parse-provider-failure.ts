import { APICallError, TypeValidationError } from 'ai'
import { parseJsonOrNull } from '../../../lib/text/json.ts'
import { findNamedFiles } from './find-named-files.ts'
import { readProviderErrorPayload } from './read-provider-error-payload.ts'
import { removeQuotations } from './remove-quotations.ts'

/** What is known about a failed request to a provider, whatever the form of the error. */
export interface ProviderFailure {
  /** The HTTP status, or its equivalent in an error within a stream. */
  readonly status: number | null
  /** The provider's error message. */
  readonly message: string | null
  /** The names and codes of the error and its causes, in lower case and without `_`, `-` and `.`. */
  readonly codes: readonly string[]
  /** The provider's message, in lower case, without URLs and without what it repeats of the request. */
  readonly searchText: string
  /** What the provider sent: an object, or a text. Null if it sent nothing. */
  readonly payload: unknown
  /** The files of the request that the error names: URLs or base64. */
  readonly namedFiles: readonly string[]
}

/** Parses an error of the AI SDK or of `fetch`, or an error that the provider sent in a body or within a stream. */
export function parseProviderFailure(error: unknown): ProviderFailure {
  const payload = extractPayload(error)
  const { labels: payloadLabels, message } = readProviderErrorPayload(payload)
  const request = readRequestBody(error)
  const labels = [...collectErrorNames(error), ...payloadLabels, ...findErrorNames(message ?? '')]
  return {
    status: readHttpStatus(error) ?? payloadLabels.map(parseHttpStatus).find((status) => status !== null) ?? null,
    message,
    codes: labels.map(normalizeCode),
    searchText: removeQuotations(message ?? '', request)
      .replace(/https?:\/\/\S+/g, '')
      .toLowerCase(),
    payload,
    namedFiles: findNamedFiles(payload, request),
  }
}

/** What the provider sent: an object, or a text. Null if it sent nothing. */
function extractPayload(error: unknown): unknown {
  if (APICallError.isInstance(error)) return parseJsonOrNull(error.responseBody ?? '') ?? error.responseBody
  if (TypeValidationError.isInstance(error)) return error.value
  return error instanceof Error ? null : error
}

/** The body of the request that failed, as an object. Null if it is not known. */
function readRequestBody(error: unknown): unknown {
  return APICallError.isInstance(error) ? error.requestBodyValues : null
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
  return names
}

/** The names of errors in a message: a message that is a code, and classes as in `litellm.RateLimitError: ...`. */
function findErrorNames(message: string): string[] {
  if (/^[\w.-]+$/.test(message)) return [message]
  return message.match(/\b[A-Z][A-Za-z]+(Error|Exception)(?=:)/g) ?? []
}

/** AWS puts a namespace before `#`. */
function normalizeCode(code: string): string {
  return code.replace(/^.*#/, '').replace(/[_.-]/g, '').toLowerCase()
}
