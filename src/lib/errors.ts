/** The `extensions.code` of every error that Segue reports. The codes are stable and part of the public contract. */
export const errorCodes = [
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'SESSION_BUSY',
  'SESSION_READ_ONLY',
  'JOB_READ_ONLY',
  'IDEMPOTENCY_MISMATCH',
  'STALE',
  'TOO_LARGE',
  'RATE_LIMITED',
  'PROVIDER',
  'SHUTTING_DOWN',
  'INTERNAL',
] as const

export type ErrorCode = (typeof errorCodes)[number]

/** Details for programs, in the error's `extensions`. */
export interface ErrorDetails {
  /** The path to the invalid argument, starting at the field's arguments. */
  readonly path?: readonly (string | number)[]
  /** The stream that conflicts with the request. */
  readonly streamId?: string
  /** The session in which the conversation continues. */
  readonly tipId?: string
}

/** An error whose message is safe to send to clients. All other errors reach clients as INTERNAL, without their text. */
export class SegueError extends Error {
  override readonly name = 'SegueError'
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message)
    this.code = code
    this.details = details
  }
}

/** An invalid argument. `path` leads to it from the field's arguments, for example `'input', 'text'`. */
export function badInput(message: string, ...path: (string | number)[]): SegueError {
  return new SegueError('BAD_USER_INPUT', message, { path })
}

/** The server no longer accepts work because it is shutting down. */
export function shuttingDown(): SegueError {
  return new SegueError('SHUTTING_DOWN', 'The server is shutting down. Try again when it has restarted.')
}

/** An id that does not exist, or that the caller may not see. */
export function notFound(kind: string, id: string): SegueError {
  return new SegueError('NOT_FOUND', `There is no ${kind} with the id ${JSON.stringify(id)}.`)
}
