import { type DocumentNode, type ExecutionArgs, getOperationAST, GraphQLError, parse, validate } from 'graphql'
import type { Context } from '../../schema/context.ts'
import { schema } from '../../schema/schema.ts'
import { DocumentCache } from './document-cache.ts'
import { createGraphQLError } from './format-error.ts'

/** The most that a request, or a message over WebSocket, may have. */
export const maxRequestBytes = 16 * 1024 * 1024 // bytes

/** What a client asks to have executed. */
export interface GraphQLParams {
  readonly query: string
  readonly variables?: Record<string, unknown> | null | undefined
  readonly operationName?: string | null | undefined
}

export interface PreparedOperation {
  readonly type: 'query' | 'mutation' | 'subscription'
  readonly args: ExecutionArgs
}

/** Reads a request as far as it can be without running it. What is wrong comes back as errors with their codes. */
export function prepareOperation(
  { query, variables, operationName }: GraphQLParams,
  contextValue: Context,
): PreparedOperation | readonly GraphQLError[] {
  const document = parseAndValidate(query)
  if (Array.isArray(document)) return document
  const type = getOperationAST(document, operationName)?.operation
  if (!type) {
    const expectedOperation = operationName
      ? `named ${JSON.stringify(operationName)}`
      : 'that is meant: name it as operationName'
    return [createGraphQLError('GRAPHQL_VALIDATION_FAILED', `The document has no one operation ${expectedOperation}.`)]
  }
  return { type, args: { schema, document, variableValues: variables, operationName, contextValue } }
}

const documentCache = new DocumentCache()

function parseAndValidate(query: string): DocumentNode | GraphQLError[] {
  const cached = documentCache.get(query)
  if (cached) return cached
  const document = parseDocument(query)
  if (document instanceof GraphQLError) return [document]
  const errors = validate(schema, document)
  if (errors.length > 0)
    return errors.map((error) => createGraphQLError('GRAPHQL_VALIDATION_FAILED', error.message, {}, error))
  documentCache.add(query, document)
  return document
}

function parseDocument(query: string): DocumentNode | GraphQLError {
  try {
    return parse(query)
  } catch (error) {
    if (error instanceof GraphQLError) return createGraphQLError('GRAPHQL_PARSE_FAILED', error.message, {}, error)
    throw error
  }
}

/** Any link makes a browser send a GET, and an EventSource repeats its own for ever: neither may start an answer. */
export function assertNotGet(method: string | undefined): void {
  if (method !== 'GET') return
  const http = { status: 405, headers: { Allow: 'POST' } }
  throw createGraphQLError('FORBIDDEN', 'Nothing can be started by a GET request: send a POST.', { http })
}
