import { randomUUID } from 'node:crypto'
import { GraphQLError } from 'graphql'
import { z } from 'zod'
import { type ErrorCode, isSegueErrorCode, SegueError } from '../../lib/errors.ts'
import type { Logger } from '../../lib/logger.ts'
import { toPublicStorageError } from '../../storage/health/storage-problem.ts'
import { copyErrorLocation, createGraphQLError } from './graphql-errors.ts'
import { findInvalidArgument } from './variable-errors.ts'

const internalErrorMessage =
  'The server failed to process the operation. Its log has the details under the id in extensions.id.'

/** The HTTP status and headers that an error asks for, in its `extensions.http`. */
export const httpExtensionSchema = z.object({ status: z.int(), headers: z.record(z.string(), z.string()).optional() })

/**
 * Turns any error into the one that a client receives: a code of the contract, a message written for clients, and the
 * details of the code. Every other error is logged under an id, and becomes INTERNAL with that id, without its text.
 */
export class ErrorFormatter {
  readonly #log: Logger

  constructor(log: Logger) {
    this.#log = log
  }

  /** The public form of an error. An error that is public already is returned as it is. */
  format(error: unknown): GraphQLError {
    if (error instanceof GraphQLError) return this.#formatGraphQLError(error)
    const known = error instanceof SegueError ? error : toPublicStorageError(error)
    if (!known) return this.#toInternalError(error)
    if (known.code === 'INTERNAL') return this.#toInternalError(error, null, known.message)
    return createGraphQLError(known.code, known.message, known.details)
  }

  /** Logs an unexpected error under a new id, which it returns: the client is told the id, and nothing else. */
  logUnexpected(error: unknown): string {
    const id = randomUUID()
    this.#log.error({ err: error, id }, 'operation failed')
    return id
  }

  #formatGraphQLError(error: GraphQLError): GraphQLError {
    const cause = error.originalError ?? error.cause
    if (cause) {
      if (error.path !== undefined && isCompletionError(cause)) return this.#toInternalError(error, error)
      return copyErrorLocation(this.format(cause), error)
    }
    const { code } = error.extensions
    if (code !== undefined) return isSegueErrorCode(code) ? error : this.#formatHttpError(error)
    return this.#formatRequestError(error)
  }

  /** Formats an error of graphql-js itself, about the document, the choice of its operation or an argument. */
  #formatRequestError(error: GraphQLError): GraphQLError {
    if (error.message.startsWith('Syntax Error')) {
      return createGraphQLError('GRAPHQL_PARSE_FAILED', error.message, {}, error)
    }
    const path = findInvalidArgument(error)
    if (path) return createGraphQLError('BAD_USER_INPUT', error.message, { path }, error)
    // An error without a path was found before the execution began. With a path, a resolver is at fault.
    if (error.path === undefined) return createGraphQLError('GRAPHQL_VALIDATION_FAILED', error.message, {}, error)
    return this.#toInternalError(error, error)
  }

  /** Formats an error that Yoga found in the HTTP request, with a code of Yoga's. Its HTTP status stays. */
  #formatHttpError(error: GraphQLError): GraphQLError {
    // The schema drops Yoga's mark `spec`, by which application/json would be answered with 200.
    const http = httpExtensionSchema.safeParse(error.extensions['http']).data
    const code = toErrorCode(error.extensions['code'], http?.status)
    if (code === 'INTERNAL') return this.#toInternalError(error, error)
    return createGraphQLError(code, error.message, { ...(code === 'BAD_USER_INPUT' && { path: [] }), http }, error)
  }

  #toInternalError(
    error: unknown,
    locatedError: GraphQLError | null = null,
    message: string = internalErrorMessage,
  ): GraphQLError {
    return createGraphQLError('INTERNAL', message, { id: this.logUnexpected(error) }, locatedError ?? undefined)
  }
}

/**
 * Whether graphql-js could not complete the value of a resolver, such as a number that its scalar cannot represent. An
 * argument that is invalid at execution is the only other error of graphql-js itself that has a path.
 */
function isCompletionError(cause: unknown): boolean {
  return cause instanceof GraphQLError && cause.extensions.code === undefined && !cause.message.startsWith('Argument "')
}

function toErrorCode(code: unknown, status = 500): ErrorCode {
  if (code === 'OPERATION_RESOLUTION_FAILURE') return 'GRAPHQL_VALIDATION_FAILED'
  if (status === 405) return 'FORBIDDEN'
  if (status === 413) return 'TOO_LARGE'
  return status >= 400 && status < 500 ? 'BAD_USER_INPUT' : 'INTERNAL'
}
