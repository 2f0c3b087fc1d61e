import { GraphQLError } from 'graphql'
import { type ErrorCode, isSegueErrorCode, SegueError } from '../../lib/errors.ts'
import { toPublicStorageError } from '../../storage/health/storage-problem.ts'
import { truncate } from '../../lib/text/truncate.ts'

/** In UTF-16 code units. Some messages quote the client's input, which can be a megabyte. */
const maxMessageLength = 500

/** An error with a code of the contract. It takes its path and its locations from `locatedError`. */
export function createGraphQLError(
  code: ErrorCode,
  message: string,
  extensions: object = {},
  locatedError?: GraphQLError,
): GraphQLError {
  const error = new GraphQLError(truncate(message, maxMessageLength), { extensions: { code, ...extensions } })
  return locatedError ? copyErrorLocation(error, locatedError) : error
}

/** The code that a client receives for an error, formatted or not. */
export function findErrorCode(error: unknown): ErrorCode {
  if (error instanceof SegueError) return error.code
  if (!(error instanceof GraphQLError)) return toPublicStorageError(error)?.code ?? 'INTERNAL'
  const cause = error.originalError ?? error.cause
  if (cause) return findErrorCode(cause)
  const { code } = error.extensions
  if (isSegueErrorCode(code)) return code
  if (error.message.startsWith('Syntax Error')) return 'GRAPHQL_PARSE_FAILED'
  return error.path === undefined ? 'GRAPHQL_VALIDATION_FAILED' : 'INTERNAL'
}

/** The same error at the path and the locations of another one. */
export function copyErrorLocation(
  { message, extensions }: GraphQLError,
  { nodes, source, positions, path }: GraphQLError,
): GraphQLError {
  return new GraphQLError(message, { nodes, source, positions, path, extensions })
}

/** The error of a request without the parameters of GraphQL over HTTP. */
export function createInvalidParamsError(): GraphQLError {
  const message =
    'The request is not a GraphQL request. Send query and, if needed, variables and operationName as JSON.'
  return createGraphQLError('BAD_USER_INPUT', message, { path: [] })
}

/** The error of a request that is larger than `limits.requestBytes`. */
export function createPayloadTooLargeError(maxBytes: number): GraphQLError {
  const message = `The request is too large. Send at most ${maxBytes} bytes.`
  return createGraphQLError('TOO_LARGE', message, { limit: 'requestBytes', max: maxBytes })
}
