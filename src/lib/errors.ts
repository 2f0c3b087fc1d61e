/** Each value of `extensions.code` with its meaning. The codes are stable: they are part of the public contract. */
export const errorCodeDescriptions = {
  GRAPHQL_PARSE_FAILED: 'The document is not valid GraphQL.',
  GRAPHQL_VALIDATION_FAILED: 'The document does not match the schema.',
  BAD_USER_INPUT:
    'The value of an argument is invalid. `extensions.path` leads to the argument. The path is empty if no argument is at fault, for example if the stored model of a session is no longer configured.',
  UNAUTHENTICATED: 'The server does not know who the caller is.',
  FORBIDDEN: 'The caller is not allowed to do this.',
  NOT_FOUND: 'Nothing that the caller may see has this id.',
  SESSION_BUSY: 'The session has an active stream, whose id is `extensions.streamId`, or it is being compacted.',
  SESSION_READ_ONLY: 'The session belongs to Hermes and cannot be changed.',
  JOB_READ_ONLY: 'The job belongs to Hermes and cannot be changed.',
  IDEMPOTENCY_MISMATCH:
    'The idempotency key was used before with other arguments. `extensions.streamId` is the stream that it started, if any.',
  STALE:
    'The approval or clarification has been resolved, or the session has been continued by another one (`extensions.tipId`).',
  TOO_LARGE:
    'The input is larger than the server accepts. For an operation above a limit, `extensions.limit` is the key of the limit in the configuration, and `extensions.max` its value.',
  TIMEOUT: 'The query took longer than the server allows. Ask for less.',
  PERSISTED_QUERY_NOT_FOUND:
    'The server has no document with this hash or id. A client of automatic persisted queries sends the document.',
  RATE_LIMITED: 'Too many requests, at the same time or within a minute. Try again later.',
  PROVIDER: 'A model provider failed.',
  STORAGE: 'The data could not be stored, for example because another program holds the database for long.',
  SHUTTING_DOWN: 'The server is stopping. Try again when it has restarted.',
  INTERNAL: 'The server failed unexpectedly. Its log has the details.',
} as const

export type ErrorCode = keyof typeof errorCodeDescriptions

export function isSegueErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(errorCodeDescriptions, value)
}

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
export function createBadInputError(message: string, ...path: (string | number)[]): SegueError {
  return new SegueError('BAD_USER_INPUT', message, { path })
}

/** The server no longer accepts work because it is shutting down. */
export function createShuttingDownError(): SegueError {
  return new SegueError('SHUTTING_DOWN', 'The server is shutting down. Try again when it has restarted.')
}

/** An id that does not exist, or that the caller may not see. */
export function createIdNotFoundError(kind: string, id: string): SegueError {
  return new SegueError('NOT_FOUND', `There is no ${kind} with the id ${JSON.stringify(id)}.`)
}
