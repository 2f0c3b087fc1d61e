import type { ExecutionResult, GraphQLError } from 'graphql'
import type { RequestInfo } from '../../../schema/context.ts'
import { createForbiddenOverGetError, isForbiddenOverGet } from '../forbidden-over-get.ts'
import { createGraphQLError } from '../graphql-errors.ts'
import type { GraphQLParams } from '../graphql-params.ts'
import type { OperationRunner } from '../operation-runner.ts'

/**
 * Runs the query or the mutation of an HTTP request. Refuses subscriptions, which have transports of their own. Its errors
 * may say which status the response has, in `extensions.http`; `spec` there means with application/json, 200 after all.
 */
export async function runJsonOperation(
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
  const executed = await operations.execute(operation.args)
  if (executed.data) return executed
  const { data, ...result } = executed
  // GraphQL over HTTP: a request that was not executed has no data. Only errors of an execution have a path.
  return result.errors?.some(({ path }) => path) ? { data: data ?? null, ...result } : result
}

/** Yoga's mark `spec`: application/json is answered with 200, application/graphql-response+json with 400. */
function toRequestError(error: GraphQLError): GraphQLError {
  const http = { spec: true, status: 400 }
  const { code, ...extensions } = error.extensions
  return Object.assign(error, { extensions: { code, ...extensions, http: extensions['http'] ?? http } })
}

function createSubscriptionError(): GraphQLError {
  const message = 'Subscriptions need another transport. Send Accept: text/event-stream, or use a WebSocket.'
  return createGraphQLError('BAD_USER_INPUT', message, { path: [], http: { status: 406 } })
}
