import { type DocumentNode, GraphQLError, parse, validate } from 'graphql'
import { schema } from '../../../schema/schema.ts'
import { createGraphQLError } from '../graphql-errors.ts'
import type { GraphQLDocumentCache } from './graphql-document-cache.ts'

/** The valid document with this text, or the errors of its syntax or its validation. */
export function loadGraphQLDocument(text: string, cache: GraphQLDocumentCache): DocumentNode | readonly GraphQLError[] {
  const cached = cache.get(text)
  if (cached) return cached
  const document = parseGraphQLDocument(text)
  if (document instanceof GraphQLError) return [document]
  const errors = validate(schema, document)
  if (errors.length > 0) {
    return errors.map((error) => createGraphQLError('GRAPHQL_VALIDATION_FAILED', error.message, {}, error))
  }
  cache.add(text, document)
  return document
}

/** Parses a document without validating it. Returns the error if its syntax is invalid. */
export function parseGraphQLDocument(text: string): DocumentNode | GraphQLError {
  try {
    return parse(text)
  } catch (error) {
    if (error instanceof GraphQLError) return createGraphQLError('GRAPHQL_PARSE_FAILED', error.message, {}, error)
    throw error
  }
}
