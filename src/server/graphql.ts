import { createYoga, type Plugin, useExecutionCancellation } from 'graphql-yoga'
import type { Logger } from 'pino'
import { type Context, type Domain, newContext } from '../schema/context.ts'
import { schema } from '../schema/schema.ts'
import type { Execution } from './execution.ts'
import { usePlayground } from './playground.ts'
import { coded, publicError } from './public-error.ts'

export const graphqlPath = '/graphql'

/** GraphQL over HTTP: requests, event streams and the playground, each at the one path. */
export function newGraphQL(domain: Domain, execution: Execution, log: Logger) {
  const onFault = (fault: unknown): void => log.error({ err: fault }, 'an operation failed')
  return createYoga<object, Context>({
    schema,
    graphqlEndpoint: graphqlPath,
    context: ({ request }) => newContext(domain, { checkMayStart: () => checkMethod(request) }),
    plugins: [usePlayground(), useJsonInUrls(), useOurExecution(execution), useExecutionCancellation()],
    maskedErrors: { maskError: (error) => publicError(error, onFault) },
    // Faults are logged where errors become public; Yoga would log what callers do wrong as well, and all of it twice.
    logging: false,
    cors: false,
    multipart: false,
    landingPage: false,
    graphiql: false,
  })
}

/** Instead of Yoga's executor, graphql's own: it gives each event of a subscription a context of its own. */
function useOurExecution({ execute, subscribe }: Execution): Plugin {
  return {
    onExecute: ({ setExecuteFn }) => setExecuteFn(execute),
    onSubscribe: ({ setSubscribeFn }) => setSubscribeFn(subscribe),
  }
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

/** Any link makes a browser send a GET, and an EventSource repeats its own for ever: neither may start an answer. */
function checkMethod({ method }: Request): void {
  if (method !== 'GET') return
  const http = { status: 405, headers: { Allow: 'POST' } }
  throw coded('FORBIDDEN', 'Nothing can be started by a GET request: send a POST.', { http })
}
