import type { ErrorCode } from '../../src/lib/errors.ts'

/** The codes of errors that a server of Segue sends as `extensions.code`. It may send others. */
export type ServerErrorCode = ErrorCode

/**
 * CONNECTION_LOST: a request could not be sent, or its answer did not arrive, however often it was tried; or a part of the
 * library could not be loaded.
 */
export type SegueErrorCode = ServerErrorCode | 'CONNECTION_LOST' | (string & {})

/** An error of a GraphQL response, as it arrives. */
export interface GraphQLResponseError {
  readonly message: string
  readonly path?: readonly (string | number)[]
  readonly extensions?: Readonly<Record<string, unknown>>
}

/** What a call of this library rejects with: a refusal by the server, or a connection that stays lost. */
export class SegueError extends Error {
  override readonly name = 'SegueError'
  /** Of the first error. */
  readonly code: SegueErrorCode
  /**
   * What the server adds to the code. SESSION_BUSY and IDEMPOTENCY_MISMATCH have `streamId` where a stream is the reason,
   * STALE has `tipId` where another session continues this one, BAD_USER_INPUT has the `path` of the argument.
   */
  readonly extensions: Readonly<Record<string, unknown>>
  /** All errors of the response. */
  readonly errors: readonly GraphQLResponseError[]
  /** The rest of the response: of an operation with several fields, those that did not fail. */
  readonly data: unknown

  constructor(
    code: SegueErrorCode,
    message: string,
    options: ErrorOptions & {
      readonly errors?: readonly GraphQLResponseError[]
      readonly data?: unknown
    } = {},
  ) {
    super(message, options)
    this.code = code
    this.errors = options.errors ?? []
    this.extensions = this.errors[0]?.extensions ?? {}
    this.data = options.data ?? null
  }
}
