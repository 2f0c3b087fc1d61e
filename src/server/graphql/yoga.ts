import type { GraphQLError } from 'graphql'
import { createYoga, type Plugin, useExecutionCancellation } from 'graphql-yoga'
import type { Logger } from '../../lib/logger.ts'
import type { ProfileRegistry } from '../../services/profile-registry.ts'
import { type Context, createContext } from '../../schema/context.ts'
import { schema } from '../../schema/schema.ts'
import type { Executor } from './executor.ts'
import { assertNotGet, maxRequestBytes } from './prepare-operation.ts'
import { usePlayground } from '../playground/use-playground.ts'
import { createGraphQLError, toPublicError } from './format-error.ts'

export const graphqlPath = '/graphql'

/** GraphQL over HTTP: queries, mutations and the playground, each at the one path. */
export function createYogaHandler(profiles: ProfileRegistry, executor: Executor, log: Logger) {
  const onUnexpectedError = (error: unknown): void => log.error({ err: error }, 'an operation failed')
  return createYoga<object, Context>({
    schema,
    graphqlEndpoint: graphqlPath,
    context: ({ request }) =>
      createContext(profiles, { signal: request.signal, assertCanStart: () => assertNotGet(request.method) }),
    plugins: [usePlayground(), useJsonQueryParams(), useExecutor(executor), useExecutionCancellation()],
    maskedErrors: { maskError: (error) => toPublicError(error, onUnexpectedError) },
    // Faults are logged where errors become public; Yoga would log what callers do wrong as well, and all of it twice.
    logging: false,
    cors: false,
    multipart: false,
    maxRequestBodySize: maxRequestBytes,
    landingPage: false,
    graphiql: false,
  })
}

/** Instead of Yoga's executor, graphql's own. */
function useExecutor({ execute, subscribe }: Executor): Plugin {
  return {
    onExecute: ({ setExecuteFn }) => setExecuteFn(execute),
    onSubscribe: ({ args, setSubscribeFn }) => {
      setSubscribeFn(async (executionArgs) => {
        // What cannot be had by a GET at all is told so first. Nothing is begun by looking: a GET begins nothing.
        if (args.contextValue.request.method === 'GET') {
          const result = await subscribe(executionArgs)
          if (!(Symbol.asyncIterator in result)) return result
          await result[Symbol.asyncIterator]().return?.()
        }
        // Yoga's own event streams know no ids, and do not let go of who stopped reading.
        return { errors: [subscriptionTransportError()] }
      })
    },
  }
}

function subscriptionTransportError(): GraphQLError {
  return createGraphQLError(
    'BAD_USER_INPUT',
    'Ask for a subscription with Accept: text/event-stream, or over WebSocket.',
    {
      path: [],
      http: { status: 406 },
    },
  )
}

/** Yoga takes what is no JSON in the parameters of a GET for a fault of the server. */
function useJsonQueryParams(): Plugin {
  return {
    onRequestParse({ requestParser, setRequestParser }) {
      if (!requestParser) return
      setRequestParser(async (request) => {
        try {
          return await requestParser(request)
        } catch (error) {
          if (!(error instanceof SyntaxError)) throw error
          const details = { path: [], http: { status: 400 } }
          throw createGraphQLError('BAD_USER_INPUT', 'The variables and extensions of a GET are JSON.', details)
        }
      })
    },
  }
}
