import {
  type ExecutionArgs,
  getOperationAST,
  type GraphQLError,
  separateOperations,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql'
import { startsStreamExtension } from '../../schema/chat/chat-subscriptions.ts'
import { createGraphQLError } from './graphql-errors.ts'

/**
 * Whether an operation is a mutation, or a subscription that starts something. Neither may be sent by GET: a browser
 * sends a GET request for any link, and an EventSource repeats its own.
 */
export function isForbiddenOverGet({ schema, document, operationName }: ExecutionArgs): boolean {
  const operation = getOperationAST(document, operationName)
  if (operation?.operation !== 'subscription') return operation?.operation === 'mutation'
  const separated = separateOperations(document)[operation.name?.value ?? ''] ?? document
  const typeInfo = new TypeInfo(schema)
  let isStart = false
  const visitor = {
    Field: () => {
      isStart ||= typeInfo.getFieldDef()?.extensions[startsStreamExtension] === true
    },
  }
  visit(separated, visitWithTypeInfo(typeInfo, visitor))
  return isStart
}

export function createForbiddenOverGetError(): GraphQLError {
  const message = 'A GET request cannot run a mutation or start a stream. Send a POST request.'
  return createGraphQLError('FORBIDDEN', message, { http: { status: 405, headers: { Allow: 'POST' } } })
}
