/** The `extensions.code` of every error that Segue makes; stable, and part of the public contract. */
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

/**
 * What an error tells a program beside its code: `path` names the argument, `streamId` the stream that is in the way,
 * `tipId` the session in which a chat goes on.
 */
export interface ErrorDetails {
  readonly path?: readonly (string | number)[]
  readonly streamId?: string
  readonly tipId?: string
}

/** An error whose message is written for the caller. Any other error reaches a client as INTERNAL, without its text. */
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

/** An argument that cannot be used; `path` leads to it from the field's arguments, as in `['input', 'text']`. */
export function badInput(message: string, ...path: (string | number)[]): SegueError {
  return new SegueError('BAD_USER_INPUT', message, { path })
}

/** What is told to whoever wants something begun while the server stops. */
export function shuttingDown(): SegueError {
  return new SegueError('SHUTTING_DOWN', 'The server is stopping. Try again when it is back.')
}

/** An id that names nothing the caller may see. */
export function notFound(what: string, id: string): SegueError {
  return new SegueError('NOT_FOUND', `There is no ${what} with the id ${JSON.stringify(id)}.`)
}
