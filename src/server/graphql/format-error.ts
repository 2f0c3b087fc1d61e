import { GraphQLError } from 'graphql'
import { z } from 'zod'
import { type ErrorCode, errorCodes, SegueError } from '../../lib/errors.ts'

/**
 * The one place where errors become what clients see: a code of the contract, a message that was written for them, and
 * what belongs to the code. Anything that was not written for them is logged and reaches them as INTERNAL.
 */
export function toPublicError(error: unknown, onUnexpectedError: (fault: unknown) => void): GraphQLError {
  if (error instanceof GraphQLError) {
    const cause = error.originalError ?? error.cause
    if (cause && !isVariableError(error)) return withLocation(toPublicError(cause, onUnexpectedError), error)
    const { code } = error.extensions
    if (code === undefined) return toPublicRequestError(error, onUnexpectedError)
    return errorCodes.some((knownCode) => knownCode === code) ? error : toPublicHttpError(error, onUnexpectedError)
  }
  if (error instanceof SegueError) {
    return createGraphQLError(error.code, error.message, error.details)
  }
  onUnexpectedError(error)
  return createGraphQLError('INTERNAL', internalErrorMessage)
}

const internalErrorMessage = 'Something went wrong in the server. Its log tells more.'

const variableErrorPattern =
  /^Variable "\$(?<name>\w+)" has invalid value(?: at \.?(?<rest>[^:]*))?:(?: Expected value of type "\w+" (?:not )?to include \w+ field "(?<field>\w+)")?/

function isVariableError({ message }: GraphQLError): boolean {
  return variableErrorPattern.test(message)
}

/** An error that graphql itself made: of the document, or of the values that came with it. */
function toPublicRequestError(error: GraphQLError, onUnexpectedError: (fault: unknown) => void): GraphQLError {
  const variable = variableErrorPattern.exec(error.message)?.groups
  if (variable) {
    const path = [
      variable['name'],
      ...(variable['rest']?.match(/\w+/g) ?? []).map((step) => (/^\d/.test(step) ? Number(step) : step)),
      ...(variable['field'] ? [variable['field']] : []),
    ]
    return createGraphQLError('BAD_USER_INPUT', error.message, { path }, error)
  }
  if (error.message.startsWith('Syntax Error'))
    return createGraphQLError('GRAPHQL_PARSE_FAILED', error.message, {}, error)
  // Without a path it was found before anything ran: which operation is meant, say. Behind one, a resolver failed.
  if (error.path === undefined) return createGraphQLError('GRAPHQL_VALIDATION_FAILED', error.message, {}, error)
  onUnexpectedError(error)
  return createGraphQLError('INTERNAL', internalErrorMessage, {}, error)
}

/**
 * What an error asks of the HTTP answer that it comes in. Without Yoga's mark for what application/json answers with
 * 200: what is no request of GraphQL is 400 to everybody.
 */
export const httpExtensionSchema = z.object({ status: z.int(), headers: z.record(z.string(), z.string()).optional() })

/** An error that was made of the request around an operation, under another code than ours. Its HTTP status stays. */
function toPublicHttpError(error: GraphQLError, onUnexpectedError: (fault: unknown) => void): GraphQLError {
  const http = httpExtensionSchema.safeParse(error.extensions['http']).data
  const code = toErrorCode(error.extensions['code'], http?.status)
  if (code === 'INTERNAL') {
    onUnexpectedError(error)
    return createGraphQLError(code, internalErrorMessage, {}, error)
  }
  return createGraphQLError(code, error.message, { ...(code === 'BAD_USER_INPUT' && { path: [] }), http }, error)
}

function toErrorCode(code: unknown, status = 500): ErrorCode {
  if (code === 'OPERATION_RESOLUTION_FAILURE') return 'GRAPHQL_VALIDATION_FAILED'
  if (status === 405) return 'FORBIDDEN'
  if (status === 413) return 'TOO_LARGE'
  return status >= 400 && status < 500 ? 'BAD_USER_INPUT' : 'INTERNAL'
}

/** The request has more bytes than are taken in. */
export function payloadTooLarge(): GraphQLError {
  return createGraphQLError('TOO_LARGE', 'A request has at most 16 MiB.')
}

/** An error with a code of the contract; `at` is what it is about, where another error told. */
export function createGraphQLError(
  code: ErrorCode,
  message: string,
  extensions: object = {},
  locatedError?: GraphQLError,
): GraphQLError {
  const error = new GraphQLError(truncateMessage(message), { extensions: { code, ...extensions } })
  return locatedError ? withLocation(error, locatedError) : error
}

const maxMessageLength = 500 // UTF-16 code units

/** Some messages repeat what was given, which can be a megabyte. */
function truncateMessage(message: string): string {
  return message.length > maxMessageLength ? `${message.slice(0, maxMessageLength - 1).toWellFormed()}…` : message
}

function withLocation(
  { message, extensions }: GraphQLError,
  { nodes, source, positions, path }: GraphQLError,
): GraphQLError {
  return new GraphQLError(message, { nodes, source, positions, path, extensions })
}
