import { renderGraphiQL } from '@graphql-yoga/render-graphiql'
import { createYoga, type Plugin, useExecutionCancellation } from 'graphql-yoga'
import type { Logger } from 'pino'
import { type Context, type Domain, newContext } from '../schema/context.ts'
import { schema } from '../schema/schema.ts'
import type { Execution } from './execution.ts'
import { largestRequest } from './operation.ts'
import { playgroundTabs } from './playground.ts'
import { publicError } from './public-error.ts'

export const graphqlPath = '/graphql'

/** GraphQL over HTTP: requests, event streams and the playground, each at the one path. */
export function newGraphQL(domain: Domain, execution: Execution, log: Logger) {
  const onFault = (fault: unknown): void => log.error({ err: fault }, 'an operation failed')
  return createYoga<object, Context>({
    schema,
    graphqlEndpoint: graphqlPath,
    context: ({ request }) => newContext(domain, { isSafe: request.method === 'GET' }),
    plugins: [useOurExecution(execution), useExecutionCancellation()],
    maskedErrors: { maskError: (error) => publicError(error, onFault) },
    // Faults are logged where errors become public; Yoga would log what callers do wrong as well, and all of it twice.
    logging: false,
    cors: false,
    multipart: false,
    maxRequestBodySize: largestRequest,
    landingPage: false,
    graphiql: {
      title: 'Segue',
      subscriptionsProtocol: 'WS',
      defaultTabs: playgroundTabs.map(({ query, variables = null }) => ({ query, variables })),
    },
    renderGraphiQL,
  })
}

/** Instead of Yoga's executor, graphql's own: it gives each event of a subscription a context of its own. */
function useOurExecution({ execute, subscribe }: Execution): Plugin {
  return {
    onExecute: ({ setExecuteFn }) => setExecuteFn(execute),
    onSubscribe: ({ setSubscribeFn }) => setSubscribeFn(subscribe),
  }
}
