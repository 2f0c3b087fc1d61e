import {
  type DocumentNode,
  type ExecutionArgs,
  getOperationAST,
  type GraphQLError,
  type OperationTypeNode,
} from 'graphql'
import type { Context } from '../../schema/context.ts'
import { truncate } from '../../lib/text/truncate.ts'
import { schema } from '../../schema/schema.ts'
import type { DocumentLoader } from './documents/document-loader.ts'
import { createGraphQLError } from './graphql-errors.ts'
import { asksForCost, type GraphQLParams } from './graphql-params.ts'
import { checkOperationCost } from './limits/check-operation-cost.ts'
import type { OperationLimits } from './limits/operation-limits.ts'

/** In UTF-16 code units. A name in a request can have megabytes. */
const maxQuotedLength = 200

export interface PreparedOperation {
  readonly type: `${OperationTypeNode}`
  readonly args: ExecutionArgs
}

/**
 * Parses and validates an operation, and checks it against the limits, without executing it. Returns the errors, with
 * their codes, if it must not be executed.
 */
export async function prepareOperation(
  params: GraphQLParams,
  context: Context,
  documents: DocumentLoader,
  limits: OperationLimits,
): Promise<PreparedOperation | readonly GraphQLError[]> {
  const loaded = documents.load(params, limits)
  const document = loaded instanceof Promise ? await loaded : loaded
  if (!('kind' in document)) return document
  const operationName = normalizeOperationName(params.operationName)
  const operation = getOperationAST(document, operationName)
  if (!operation) return [createGraphQLError('GRAPHQL_VALIDATION_FAILED', describeMissingOperation(operationName))]
  const variables = params.variables ?? {}
  const cost = await checkOperationCost({ document, operation, variables, limits, profiles: context.profiles.visible })
  if (typeof cost !== 'number') return [cost]
  const contextValue = asksForCost(params) ? { ...context, reportedCost: cost } : context
  return {
    type: operation.operation,
    args: { schema, document, variableValues: params.variables, operationName, contextValue },
  }
}

/** The type of the operation to execute; null if there is none. */
export function findOperationType(document: DocumentNode, { operationName }: GraphQLParams) {
  return getOperationAST(document, normalizeOperationName(operationName))?.operation ?? null
}

/** Some clients send an empty name for a document with a single operation. */
function normalizeOperationName(name: string | null | undefined): string | null {
  return name || null
}

function describeMissingOperation(operationName: string | null): string {
  return operationName
    ? `The document has no operation named ${JSON.stringify(truncate(operationName, maxQuotedLength))}. Set operationName to the name of one of its operations.`
    : 'The document does not have exactly one operation. Set operationName to the name of the one to execute.'
}
