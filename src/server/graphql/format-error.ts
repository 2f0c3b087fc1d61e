import { GraphQLError } from 'graphql'
import { z } from 'zod'
import { type ErrorCode, errorCodes, SegueError } from '../../lib/errors.ts'

/**
 * The one place where errors become what clients see: a code of the contract, a message that was written for them, and
 * what belongs to the code. Anything that was not written for them is logged and reaches them as INTERNAL.
 */
export function publicError(error: unknown, onFault: (fault: unknown) => void): GraphQLError {
  if (error instanceof GraphQLError) {
    const cause = error.originalError ?? error.cause
    if (cause && !isOfVariable(error)) return located(publicError(cause, onFault), error)
    const { code } = error.extensions
    if (code === undefined) return requestError(error, onFault)
    return errorCodes.some((ours) => ours === code) ? error : httpError(error, onFault)
  }
  if (error instanceof SegueError) {
    return coded(error.code, error.message, error.details)
  }
  onFault(error)
  return coded('INTERNAL', fault)
}

const fault = 'Something went wrong in the server. Its log tells more.'

const variableFault =
  /^Variable "\$(?<name>\w+)" has invalid value(?: at \.?(?<rest>[^:]*))?:(?: Expected value of type "\w+" (?:not )?to include \w+ field "(?<field>\w+)")?/

function isOfVariable({ message }: GraphQLError): boolean {
  return variableFault.test(message)
}

/** An error that graphql itself made: of the document, or of the values that came with it. */
function requestError(error: GraphQLError, onFault: (fault: unknown) => void): GraphQLError {
  const variable = variableFault.exec(error.message)?.groups
  if (variable) {
    const path = [
      variable['name'],
      ...(variable['rest']?.match(/\w+/g) ?? []).map((step) => (/^\d/.test(step) ? Number(step) : step)),
      ...(variable['field'] ? [variable['field']] : []),
    ]
    return coded('BAD_USER_INPUT', error.message, { path }, error)
  }
  if (error.message.startsWith('Syntax Error')) return coded('GRAPHQL_PARSE_FAILED', error.message, {}, error)
  // Without a path it was found before anything ran: which operation is meant, say. Behind one, a resolver failed.
  if (error.path === undefined) return coded('GRAPHQL_VALIDATION_FAILED', error.message, {}, error)
  onFault(error)
  return coded('INTERNAL', fault, {}, error)
}

/**
 * What an error asks of the HTTP answer that it comes in. Without Yoga's mark for what application/json answers with
 * 200: what is no request of GraphQL is 400 to everybody.
 */
export const httpSchema = z.object({ status: z.int(), headers: z.record(z.string(), z.string()).optional() })

/** An error that was made of the request around an operation, under another code than ours. Its HTTP status stays. */
function httpError(error: GraphQLError, onFault: (fault: unknown) => void): GraphQLError {
  const http = httpSchema.safeParse(error.extensions['http']).data
  const code = codeOfRequest(error.extensions['code'], http?.status)
  if (code === 'INTERNAL') {
    onFault(error)
    return coded(code, fault, {}, error)
  }
  return coded(code, error.message, { ...(code === 'BAD_USER_INPUT' && { path: [] }), http }, error)
}

function codeOfRequest(code: unknown, status = 500): ErrorCode {
  if (code === 'OPERATION_RESOLUTION_FAILURE') return 'GRAPHQL_VALIDATION_FAILED'
  if (status === 405) return 'FORBIDDEN'
  if (status === 413) return 'TOO_LARGE'
  return status >= 400 && status < 500 ? 'BAD_USER_INPUT' : 'INTERNAL'
}

/** The request has more bytes than are taken in. */
export function tooLarge(): GraphQLError {
  return coded('TOO_LARGE', 'A request has at most 16 MiB.')
}

/** An error with a code of the contract; `at` is what it is about, where another error told. */
export function coded(code: ErrorCode, message: string, extensions: object = {}, at?: GraphQLError): GraphQLError {
  const error = new GraphQLError(shortened(message), { extensions: { code, ...extensions } })
  return at ? located(error, at) : error
}

const longestMessage = 500 // UTF-16 code units

/** Some messages repeat what was given, which can be a megabyte. */
function shortened(message: string): string {
  return message.length > longestMessage ? `${message.slice(0, longestMessage - 1).toWellFormed()}…` : message
}

function located(
  { message, extensions }: GraphQLError,
  { nodes, source, positions, path }: GraphQLError,
): GraphQLError {
  return new GraphQLError(message, { nodes, source, positions, path, extensions })
}
