import { createYoga } from 'graphql-yoga'
import type { RequestInfo } from '../../schema/context.ts'
import { schema } from '../../schema/schema.ts'
import type { Caller } from '../auth/caller.ts'
import { usePlayground } from '../playground/use-playground.ts'
import type { BatchRunner } from './batch-runner.ts'
import type { ErrorFormatter } from './error-formatter.ts'
import { graphqlPath } from './graphql-path.ts'
import type { OperationRunner } from './operation-runner.ts'
import type { JsonRequestHandler } from './json/json-request-handler.ts'
import { useBatches } from './plugins/use-batches.ts'
import { useExactJson } from './plugins/use-exact-json.ts'
import { useJsonContentType } from './plugins/use-json-content-type.ts'
import { useLargeResults } from './plugins/use-large-results.ts'
import { useJsonQueryParams } from './plugins/use-json-query-params.ts'
import { useResponseMediaType } from './plugins/use-response-media-type.ts'
import { useOperationRunner } from './plugins/use-operation-runner.ts'
import { type YogaServerContext, useSlowConsumerTimeout } from './plugins/use-slow-consumer-timeout.ts'

export interface YogaHandlerOptions {
  readonly operations: OperationRunner
  readonly errors: ErrorFormatter
  readonly batches: BatchRunner
  /** A client that accepts no byte of its response for this long is disconnected. Called for each response. */
  readonly readSlowConsumerTimeoutMs: () => number
}

/** Handles queries and mutations over HTTP, and serves the playground to browsers, all at `graphqlPath`. */
export function createYogaHandler({
  operations,
  errors,
  batches,
  readSlowConsumerTimeoutMs,
}: YogaHandlerOptions): JsonRequestHandler {
  const yoga = createYoga<YogaServerContext>({
    schema,
    graphqlEndpoint: graphqlPath,
    plugins: [
      usePlayground(),
      useResponseMediaType(),
      useJsonContentType(),
      useExactJson(),
      useJsonQueryParams(),
      useBatches(batches, readRequestInfo),
      useOperationRunner(operations, readRequestInfo),
      useLargeResults(),
      useSlowConsumerTimeout(readSlowConsumerTimeoutMs),
    ],
    parserAndValidationCache: false,
    extraParamNames: ['documentId'],
    maskedErrors: { maskError: (error) => errors.format(error) },
    // The error formatter logs what the server is to blame for. Yoga would log clients' mistakes, too.
    logging: false,
    cors: false,
    multipart: false,
    // The handler is given a body that has been read up to the limit.
    maxRequestBodySize: false,
    landingPage: false,
    graphiql: false,
  })
  return (request, response, caller, body) => yoga(request, response, { caller, body })
}

function readRequestInfo({ headers, signal }: Request, { viewer }: Caller): RequestInfo {
  return {
    viewer,
    idempotencyKey: headers.get('idempotency-key'),
    traceparent: headers.get('traceparent'),
    signal,
  }
}
