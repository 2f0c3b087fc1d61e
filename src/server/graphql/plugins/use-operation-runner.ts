import { type ExecutionResult, GraphQLError } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import type { RequestInfo } from '../../../schema/context.ts'
import { createForbiddenOverGetError, isForbiddenOverGet } from '../forbidden-over-get.ts'
import { createGraphQLError, createInvalidParamsError } from '../graphql-errors.ts'
import { isSmallJson, stringifyYielding } from '../../../lib/json-output/stringify-in-steps.ts'
import { findDocumentId, type GraphQLParams, parseGraphQLParams } from '../graphql-params.ts'
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
        return runOperation(operations, parsed, request.method === 'GET', readRequestInfo(request, caller))
      })
    },
  }
}

async function runOperation(
  operations: OperationRunner,
  params: GraphQLParams,
  isGet: boolean,
  requestInfo: RequestInfo,
): Promise<ExecutionResult> {
  const operation = await operations.prepare(params, requestInfo)
  if (!('type' in operation)) return { errors: operation.map(toRequestError) }
  const isSubscription = operation.type === 'subscription'
  // A client of subscriptions may take a result without data for a broken one.
  const noData = isSubscription ? { data: null } : {}
  if (isGet && isForbiddenOverGet(operation.args)) return { ...noData, errors: [createForbiddenOverGetError()] }
  if (isSubscription) return { ...noData, errors: [createSubscriptionError()] }
  const { data, ...result } = await operations.execute(operation.args)
  // GraphQL over HTTP: a request that was not executed has no data. Only errors of an execution have a path.
  const isExecuted = data || result.errors?.some(({ path }) => path)
  return isExecuted ? writeInSteps({ data: data ?? null, ...result }) : result
}

/** Writes the data of a large result before Yoga does, which would write it at once. */
async function writeInSteps(result: ExecutionResult): Promise<ExecutionResult> {
  const { data } = result
  if (isSmallJson(data)) return result
  const text = await stringifyYielding(data)
  const stringify = (others: ExecutionResult): string => {
    const end = JSON.stringify({ ...others, data: undefined })
    return `{"data":${text}${end === '{}' ? '' : ','}${end.slice(1)}`
  }
  // Yoga calls `stringify` instead of its own function.
  return Object.assign({ ...result }, { stringify })
}

/** Yoga's mark `spec`: application/json is answered with 200, application/graphql-response+json with 400. */
function toRequestError(error: GraphQLError): GraphQLError {
  const http = { spec: true, status: 400 }
  const { code, ...extensions } = error.extensions
  return Object.assign(error, { extensions: { code, ...extensions, http: extensions['http'] ?? http } })
}

function createInvalidRequestError(): GraphQLError {
  const { message, extensions } = createInvalidParamsError()
  return new GraphQLError(message, { extensions: { ...extensions, http: { status: 400 } } })
}

function createSubscriptionError(): GraphQLError {
  const message = 'Subscriptions need another transport. Send Accept: text/event-stream, or use a WebSocket.'
  return createGraphQLError('BAD_USER_INPUT', message, { path: [], http: { status: 406 } })
}
