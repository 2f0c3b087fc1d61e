import { createYoga, useExecutionCancellation } from 'graphql-yoga'
import { type Context, createContext, type RequestInfo } from '../../schema/context.ts'
import { schema } from '../../schema/schema.ts'
import type { ProfileRegistry } from '../../services/profile-registry.ts'
import type { Caller } from '../auth/caller.ts'
import { maxRequestBytes } from '../http/max-request-bytes.ts'
import type { RequestHandler } from '../http/router.ts'
import { usePlayground } from '../playground/use-playground.ts'
import type { BatchRunner } from './batch-runner.ts'
import type { GraphQLDocumentCache } from './documents/graphql-document-cache.ts'
import type { ErrorFormatter } from './error-formatter.ts'
import { useBatches } from './plugins/use-batches.ts'
import { useDocumentCache } from './plugins/use-document-cache.ts'
import { useExecutor } from './plugins/use-executor.ts'
import { useExactJson } from './plugins/use-exact-json.ts'
import { useJsonContentType } from './plugins/use-json-content-type.ts'
import { useJsonQueryParams } from './plugins/use-json-query-params.ts'
import { useRefusalCounter } from './plugins/use-refusal-counter.ts'
import { useResponseMediaType } from './plugins/use-response-media-type.ts'
import { useNormalizedOperationName } from './plugins/use-normalized-operation-name.ts'
import { type YogaServerContext, useSlowConsumerTimeout } from './plugins/use-slow-consumer-timeout.ts'

export const graphqlPath = '/graphql'

export interface YogaHandlerOptions {
  readonly profiles: ProfileRegistry
  readonly documents: GraphQLDocumentCache
  readonly errors: ErrorFormatter
  readonly batches: BatchRunner
  /** A client that accepts no byte of its response for this long is disconnected. Called for each response. */
  readonly readSlowConsumerTimeoutMs: () => number
}

/** Handles queries and mutations over HTTP, and serves the playground to browsers, all at `graphqlPath`. */
export function createYogaHandler({
  profiles,
  documents,
  errors,
  batches,
  readSlowConsumerTimeoutMs,
}: YogaHandlerOptions): RequestHandler {
  const yoga = createYoga<YogaServerContext, Context>({
    schema,
    graphqlEndpoint: graphqlPath,
    context: ({ request, caller }) => createContext(profiles, readRequestInfo(request, caller)),
    plugins: [
      usePlayground(),
      useResponseMediaType(),
      useJsonContentType(),
      useExactJson(),
      useJsonQueryParams(),
      useBatches(batches, readRequestInfo),
      useNormalizedOperationName(),
      useDocumentCache(documents),
      useRefusalCounter(profiles.telemetry),
      useExecutor(),
      useExecutionCancellation(),
      useSlowConsumerTimeout(readSlowConsumerTimeoutMs),
    ],
    parserAndValidationCache: false,
    maskedErrors: { maskError: (error) => errors.format(error) },
    // The error formatter logs what the server is to blame for. Yoga would log clients' mistakes, too.
    logging: false,
    cors: false,
    multipart: false,
    maxRequestBodySize: maxRequestBytes,
    landingPage: false,
    graphiql: false,
  })
  return (request, response, caller) => yoga(request, response, { caller })
}

function readRequestInfo({ headers, signal }: Request, { viewer }: Caller): RequestInfo {
  return { viewer, idempotencyKey: headers.get('idempotency-key'), signal }
}
