import type { GraphQLError } from 'graphql'
import { createYoga, type Plugin, useExecutionCancellation } from 'graphql-yoga'
import type { Logger } from 'pino'
import type { Domains } from '../../services/profile-registry.ts'
import { type Context, newContext } from '../../schema/context.ts'
import { schema } from '../../schema/schema.ts'
import type { Execution } from './executor.ts'
import { checkMayStartBy, largestRequest } from './prepare-operation.ts'
import { usePlayground } from '../playground/use-playground.ts'
import { coded, publicError } from './format-error.ts'

export const graphqlPath = '/graphql'

/** GraphQL over HTTP: queries, mutations and the playground, each at the one path. */
export function newGraphQL(domains: Domains, execution: Execution, log: Logger) {
  const onFault = (fault: unknown): void => log.error({ err: fault }, 'an operation failed')
  return createYoga<object, Context>({
    schema,
    graphqlEndpoint: graphqlPath,
    context: ({ request }) =>
      newContext(domains, { signal: request.signal, checkMayStart: () => checkMayStartBy(request.method) }),
    plugins: [usePlayground(), useJsonInUrls(), useOurExecution(execution), useExecutionCancellation()],
    maskedErrors: { maskError: (error) => publicError(error, onFault) },
    // Faults are logged where errors become public; Yoga would log what callers do wrong as well, and all of it twice.
    logging: false,
    cors: false,
    multipart: false,
    maxRequestBodySize: largestRequest,
    landingPage: false,
    graphiql: false,
  })
}

/** Instead of Yoga's executor, graphql's own. */
function useOurExecution({ execute, subscribe }: Execution): Plugin {
  return {
    onExecute: ({ setExecuteFn }) => setExecuteFn(execute),
    onSubscribe: ({ args, setSubscribeFn }) => {
      setSubscribeFn(async (asked) => {
        // What cannot be had by a GET at all is told so first. Nothing is begun by looking: a GET begins nothing.
        if (args.contextValue.request.method === 'GET') {
          const result = await subscribe(asked)
          if (!(Symbol.asyncIterator in result)) return result
          await result[Symbol.asyncIterator]().return?.()
        }
        // Yoga's own event streams know no ids, and do not let go of who stopped reading.
        return { errors: [notHere()] }
      })
    },
  }
}

function notHere(): GraphQLError {
  return coded('BAD_USER_INPUT', 'Ask for a subscription with Accept: text/event-stream, or over WebSocket.', {
    path: [],
    http: { status: 406 },
  })
}

/** Yoga takes what is no JSON in the parameters of a GET for a fault of the server. */
function useJsonInUrls(): Plugin {
  return {
    onRequestParse({ requestParser, setRequestParser }) {
      if (!requestParser) return
      setRequestParser(async (request) => {
        try {
          return await requestParser(request)
        } catch (error) {
          if (!(error instanceof SyntaxError)) throw error
          const details = { path: [], http: { status: 400 } }
          throw coded('BAD_USER_INPUT', 'The variables and extensions of a GET are JSON.', details)
        }
      })
    },
  }
}
