import { type ExecutionArgs, getOperationAST, type GraphQLError, type OperationTypeNode } from 'graphql'
import type { Context } from '../../schema/context.ts'
import { schema } from '../../schema/schema.ts'
import { createGraphQLError } from './graphql-errors.ts'
import type { GraphQLDocumentCache } from './documents/graphql-document-cache.ts'
import { loadGraphQLDocument, parseGraphQLDocument } from './documents/load-graphql-document.ts'

/** What a client asks the server to execute. */
export interface GraphQLParams {
  readonly query: string
  readonly variables?: Record<string, unknown> | null | undefined
  /** Empty or absent if the document has a single operation. */
  readonly operationName?: string | null | undefined
}

export interface PreparedOperation {
  readonly type: `${OperationTypeNode}`
  readonly args: ExecutionArgs
}

/** Parses and validates an operation without executing it. Returns the errors, with their codes, if it is invalid. */
export function prepareOperation(
  { query, variables, operationName: requestedName }: GraphQLParams,
  contextValue: Context,
  documents: GraphQLDocumentCache,
): PreparedOperation | readonly GraphQLError[] {
  const document = loadGraphQLDocument(query, documents)
  if (!('kind' in document)) return document
  const operationName = normalizeOperationName(requestedName)
  const type = getOperationAST(document, operationName)?.operation
  if (!type) return [createGraphQLError('GRAPHQL_VALIDATION_FAILED', describeMissingOperation(operationName))]
  return { type, args: { schema, document, variableValues: variables, operationName, contextValue } }
}

/** The type of the operation to execute; null if there is none. The document may be invalid otherwise. */
export function findOperationType(
  { query, operationName }: GraphQLParams,
  documents: GraphQLDocumentCache,
): PreparedOperation['type'] | null {
  const document = documents.get(query) ?? parseGraphQLDocument(query)
  if (!('kind' in document)) return null
  return getOperationAST(document, normalizeOperationName(operationName))?.operation ?? null
}

/** Some clients send an empty name for a document with a single operation. */
function normalizeOperationName(name: string | null | undefined): string | null {
  return name || null
}

function describeMissingOperation(operationName: string | null): string {
  return operationName
    ? `The document has no operation named ${JSON.stringify(operationName)}. Set operationName to the name of one of its operations.`
    : 'The document does not have exactly one operation. Set operationName to the name of the one to execute.'
}
