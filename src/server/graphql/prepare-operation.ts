import { type DocumentNode, type ExecutionArgs, getOperationAST, GraphQLError, parse, validate } from 'graphql'
import type { Context } from '../../schema/context.ts'
import { schema } from '../../schema/schema.ts'
import { KnownDocuments } from './document-cache.ts'
import { coded } from './format-error.ts'

/** The most that a request, or a message over WebSocket, may have. */
export const largestRequest = 16 * 1024 * 1024 // bytes

/** What a client asks to have executed. */
export interface OperationRequest {
  readonly query: string
  readonly variables?: Record<string, unknown> | null | undefined
  readonly operationName?: string | null | undefined
}

export interface Operation {
  readonly type: 'query' | 'mutation' | 'subscription'
  readonly args: ExecutionArgs
}

/** Reads a request as far as it can be without running it. What is wrong comes back as errors with their codes. */
export function prepare(
  { query, variables, operationName }: OperationRequest,
  contextValue: Context,
): Operation | readonly GraphQLError[] {
  const document = validDocument(query)
  if (Array.isArray(document)) return document
  const type = getOperationAST(document, operationName)?.operation
  if (!type) {
    const which = operationName ? `named ${JSON.stringify(operationName)}` : 'that is meant: name it as operationName'
    return [coded('GRAPHQL_VALIDATION_FAILED', `The document has no one operation ${which}.`)]
  }
  return { type, args: { schema, document, variableValues: variables, operationName, contextValue } }
}

const known = new KnownDocuments()

function validDocument(query: string): DocumentNode | GraphQLError[] {
  const before = known.get(query)
  if (before) return before
  const document = parsed(query)
  if (document instanceof GraphQLError) return [document]
  const faults = validate(schema, document)
  if (faults.length > 0) return faults.map((fault) => coded('GRAPHQL_VALIDATION_FAILED', fault.message, {}, fault))
  known.add(query, document)
  return document
}

function parsed(query: string): DocumentNode | GraphQLError {
  try {
    return parse(query)
  } catch (error) {
    if (error instanceof GraphQLError) return coded('GRAPHQL_PARSE_FAILED', error.message, {}, error)
    throw error
  }
}

/** Any link makes a browser send a GET, and an EventSource repeats its own for ever: neither may start an answer. */
export function checkMayStartBy(method: string | undefined): void {
  if (method !== 'GET') return
  const http = { status: 405, headers: { Allow: 'POST' } }
  throw coded('FORBIDDEN', 'Nothing can be started by a GET request: send a POST.', { http })
}
