import { type DocumentNode, GraphQLError, parse, validate } from 'graphql'
import { schema } from '../../../schema/schema.ts'
import { createGraphQLError } from '../graphql-errors.ts'
import type { DocumentCache } from './document-cache.ts'

/** The valid document with this text, or the errors of its syntax or its validation. */
export function loadDocument(text: string, cache: DocumentCache): DocumentNode | readonly GraphQLError[] {
  const cached = cache.get(text)
  if (cached) return cached
  const document = parseDocument(text)
  if (document instanceof GraphQLError) return [document]
  const errors = validate(schema, document)
  if (errors.length > 0) {
    return errors.map((error) => createGraphQLError('GRAPHQL_VALIDATION_FAILED', error.message, {}, error))
  }
  cache.add(text, document)
  return document
}

/** Parses a document without validating it. Returns the error if its syntax is invalid. */
export function parseDocument(text: string): DocumentNode | GraphQLError {
  try {
    return parse(text)
  } catch (error) {
    if (error instanceof GraphQLError) return createGraphQLError('GRAPHQL_PARSE_FAILED', error.message, {}, error)
    throw error
  }
}
