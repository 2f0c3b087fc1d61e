import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ExecutionArgs, type ExecutionResult, validateSubscriptionArgs } from 'graphql'
import { createYoga, type Plugin, useExecutionCancellation } from 'graphql-yoga'
import { type Context, createContext } from '../../schema/context.ts'
import { schema } from '../../schema/schema.ts'
import type { ProfileRegistry } from '../../services/profile-registry.ts'
import { maxRequestBytes } from '../http/max-request-bytes.ts'
import { usePlayground } from '../playground/use-playground.ts'
import { createGraphQLError } from './create-graphql-error.ts'
import { forbiddenOverGet, startsSomething } from './forbidden-over-get.ts'
import type { DocumentCache } from './documents/document-cache.ts'
import { useDocumentCache } from './documents/use-document-cache.ts'
import type { ErrorFormatter } from './error-formatter.ts'
import { executeOperation } from './execute-operation.ts'

export const graphqlPath = '/graphql'

export interface YogaHandlerOptions {
  readonly profiles: ProfileRegistry
  readonly documents: DocumentCache
  readonly errors: ErrorFormatter
  /** A client that accepts no byte of its response for this long is disconnected. */
  readonly slowConsumerTimeoutMs: number
}

interface NodeContext {
  readonly req: IncomingMessage
  readonly res: ServerResponse
}

/** Handles queries and mutations over HTTP, and serves the playground to browsers, all at `graphqlPath`. */
export function createYogaHandler({ profiles, documents, errors, slowConsumerTimeoutMs }: YogaHandlerOptions) {
  return createYoga<NodeContext, Context>({
    schema,
    graphqlEndpoint: graphqlPath,
    context: ({ request }) => createContext(profiles, { signal: request.signal }),
    plugins: [
      usePlayground(),
      useJsonContentType(),
      useJsonQueryParams(),
      useDocumentCache(documents),
      useExecutor(),
      useExecutionCancellation(),
      useResponseTimeout(slowConsumerTimeoutMs),
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
}

/** Executes with graphql-js instead of Yoga's executor. Refuses subscriptions, which have transports of their own. */
function useExecutor(): Plugin {
  return {
    onExecute: ({ setExecuteFn }) => setExecuteFn(executeOperation),
    onSubscribe: ({ args, setSubscribeFn }) => {
      const isGet = args.contextValue.request.method === 'GET'
      setSubscribeFn((subscribeArgs) => refuseSubscription(subscribeArgs, isGet))
    },
  }
}

/** Yoga's own event streams have no ids, and keep slow consumers connected. */
function refuseSubscription(args: ExecutionArgs, isGet: boolean): ExecutionResult {
  if (isGet && startsSomething(args)) return { errors: [forbiddenOverGet()] }
  const validated = validateSubscriptionArgs(args)
  if (!('schema' in validated)) return { errors: validated }
  const message = 'Subscriptions need another transport. Send Accept: text/event-stream, or use a WebSocket.'
  return { errors: [createGraphQLError('BAD_USER_INPUT', message, { path: [], http: { status: 406 } })] }
}

/** The request guard accepts any spelling of application/json. Yoga knows only one. */
function useJsonContentType(): Plugin {
  return {
    onRequest({ request }) {
      if (request.method === 'POST') request.headers.set('content-type', 'application/json')
    },
  }
}

/** Yoga treats invalid JSON in the query parameters of a GET request as a failure of the server. */
function useJsonQueryParams(): Plugin {
  return {
    onRequestParse({ requestParser, setRequestParser }) {
      if (!requestParser) return
      setRequestParser(async (request) => {
        try {
          return await requestParser(request)
        } catch (error) {
          if (!(error instanceof SyntaxError)) throw error
          const message = 'A query parameter is not valid JSON. Encode variables and extensions as JSON.'
          throw createGraphQLError('BAD_USER_INPUT', message, { path: [], http: { status: 400 } })
        }
      })
    },
  }
}

/**
 * Starts the timeout before the first byte is written: a large response ends only when the client has read most of it,
 * so a timeout that starts then would never disconnect a client that reads nothing.
 */
function useResponseTimeout(timeoutMs: number): Plugin<object, NodeContext> {
  return {
    onResponse({ serverContext }) {
      serverContext?.res.setTimeout(timeoutMs)
    },
  }
}
