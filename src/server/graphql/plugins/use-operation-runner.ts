import { GraphQLError } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import type { RequestInfo } from '../../../schema/context.ts'
import { createInvalidParamsError } from '../graphql-errors.ts'
import { findDocumentId, parseGraphQLParams } from '../graphql-params.ts'
import { runJsonOperation } from '../json/run-json-operation.ts'
import type { Caller } from '../../auth/caller.ts'
import type { OperationRunner } from '../operation-runner.ts'
import type { YogaServerContext } from './use-slow-consumer-timeout.ts'

/**
 * Runs queries and mutations as the other transports do, instead of with Yoga's own steps. Yoga reads the request, and
 * writes the response. Refuses subscriptions, which have transports of their own.
 */
export function useOperationRunner(
  operations: OperationRunner,
  readRequestInfo: (request: Request, caller: Caller) => RequestInfo,
): Plugin<object, YogaServerContext> {
  return {
    onParams({ request: { method, url }, params, setParams, setParamsHandler, context: { caller } }) {
      // Yoga reads only the parameters that it knows from a query.
      const documentId = method === 'GET' ? new URL(url).searchParams.get('documentId') : null
      const parsed = parseGraphQLParams(documentId === null ? params : { ...params, documentId })
      // Yoga insists on a query.
      if (parsed && !parsed.query && findDocumentId(parsed) !== null) setParams({ ...params, query: '' })
      setParamsHandler(({ request }) => {
        if (!parsed) return { errors: [createInvalidRequestError()] }
        const requestInfo = readRequestInfo(request, caller)
        return runJsonOperation(operations, parsed, request.method === 'GET', requestInfo)
      })
    },
  }
}

function createInvalidRequestError(): GraphQLError {
  const { message, extensions } = createInvalidParamsError()
  return new GraphQLError(message, { extensions: { ...extensions, http: { status: 400 } } })
}
