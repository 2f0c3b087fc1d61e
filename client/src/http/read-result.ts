import { type GraphQLResponseError, SegueError, type SegueErrorCode } from '../segue-error.ts'
import { ConnectionLostError } from '../connection/connection-lost-error.ts'

/** A GraphQL response. The server adds `errors` where it has any. */
export interface ExecutionResult {
  readonly data?: Readonly<Record<string, unknown>> | null
  readonly errors?: readonly GraphQLResponseError[]
}

/**
 * Whether the same request may succeed later: servers and proxies that are busy or away, and a response that was cut off.
 * Browsers take one as complete that ends within its headers. A page in place of a result means another server.
 */
function isTemporary({ status, ok, headers }: Response): boolean {
  if (ok) return !headers.get('content-type')?.startsWith('text/html')
  return status >= 500 || [408, 425, 429].includes(status)
}

const codesByStatus: Readonly<Record<number, SegueErrorCode>> = {
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  413: 'TOO_LARGE',
}

/** The error for the errors of a response. A server that is stopping is the same as a lost connection. */
export function createResponseError(errors: readonly GraphQLResponseError[], data?: unknown): Error {
  const [first] = errors
  const code = String(first?.extensions?.['code'] ?? 'INTERNAL')
  const message = first?.message ?? 'The server sent an empty response.'
  if (code === 'SHUTTING_DOWN') return new ConnectionLostError(message)
  return new SegueError(code, message, { errors, data })
}

/** The error for a response with another status or content than was asked for. */
export async function createHttpError(response: Response): Promise<Error> {
  return createTextError(response, await response.text())
}

/** The same, for a response whose text was read. */
export function createTextError(response: Response, text: string): Error {
  const { status } = response
  const result = parseResult(text)
  if (result?.errors) return createResponseError(result.errors, result.data)
  const message = `The server responded with status ${status}.`
  if (isTemporary(response)) return new ConnectionLostError(message)
  return new SegueError(codesByStatus[status] ?? 'UNEXPECTED_RESPONSE', `${message} Check the url of the client.`)
}

/** A response from its text. Null if the text is not one. */
export function parseResult(text: string): ExecutionResult | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && ('data' in value || 'errors' in value)
      ? toResult(value)
      : null
  } catch {
    return null
  }
}

/** The value as a response: of a server that follows its schema. */
export function toResult(value: object): ExecutionResult {
  return value
}
