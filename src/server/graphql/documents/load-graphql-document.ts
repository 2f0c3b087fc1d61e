import { type DocumentNode, GraphQLError, parse } from 'graphql'
import { turnScheduler } from '../../../lib/event-loop/turn-scheduler.ts'
import { createGraphQLError } from '../graphql-errors.ts'
import { checkDocumentLimits } from '../limits/check-document-limits.ts'
import { createLimitError, type OperationLimits } from '../limits/operation-limits.ts'
import type { GraphQLDocumentCache } from './graphql-document-cache.ts'
import { isNestedDeeperThan } from './is-nested-deeper-than.ts'
import { validateDocument } from './validate-document.ts'

/** In UTF-16 code units, on average. A comment or a text of any length is a single token, or none. */
const maxLengthPerToken = 64

/** Levels of brackets beyond those of fields: arguments, lists, input objects, inline fragments. */
const maxFurtherNesting = 200

/** The valid document with this text, or the errors of its syntax, its limits or its validation. */
export async function loadGraphQLDocument(
  text: string,
  cache: GraphQLDocumentCache,
  limits: OperationLimits,
): Promise<DocumentNode | readonly GraphQLError[]> {
  const cached = cache.get(text, limits)
  if (cached) return cached
  // Many documents that arrive at once are parsed one by one.
  if (turnScheduler.mustWait()) await turnScheduler.wait()
  const document = parseGraphQLDocument(text, limits)
  if (document instanceof GraphQLError) return [document]
  const limitErrors = checkDocumentLimits(document, limits)
  if (limitErrors.length > 0) return limitErrors
  const errors = await validateDocument(document)
  if (errors.length > 0) {
    return errors.map((error) => createGraphQLError('GRAPHQL_VALIDATION_FAILED', error.message, {}, error))
  }
  return cache.add(text, document, limits)
}

/** Whether a document is refused because of its length, whatever it contains. */
export function isDocumentTooLong(text: string, { tokens }: Pick<OperationLimits, 'tokens'>): boolean {
  return text.length > tokens * maxLengthPerToken
}

/** Parses a document without validating it. Returns the error if its syntax is invalid, or if it is too long or too deep. */
export function parseGraphQLDocument(text: string, { tokens, depth }: OperationLimits): DocumentNode | GraphQLError {
  if (isDocumentTooLong(text, { tokens })) {
    const maxLength = tokens * maxLengthPerToken
    const message = `The document has ${text.length} characters. At most ${maxLength} are allowed. Send long texts in variables.`
    return createGraphQLError('TOO_LARGE', message)
  }
  const maxNesting = depth + maxFurtherNesting
  if (isNestedDeeperThan(maxNesting, text, tokens)) {
    const message = `The document has brackets within brackets in more than ${maxNesting} levels. Send deep values in variables.`
    return createLimitError('depth', depth, message)
  }
  try {
    return parse(text, { maxTokens: tokens })
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error
    if (!isTokenLimitError(error)) return createGraphQLError('GRAPHQL_PARSE_FAILED', error.message, {}, error)
    const message = `The document has more than ${tokens} tokens. Send several operations instead.`
    return createLimitError('tokens', tokens, message)
  }
}

/** graphql-js gives this error no code of its own. */
function isTokenLimitError({ message }: GraphQLError): boolean {
  return /^Syntax Error: Document contains more (than|that) \d+ tokens/.test(message)
}
