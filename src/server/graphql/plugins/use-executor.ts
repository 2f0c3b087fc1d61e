import { type ExecutionArgs, type ExecutionResult, validateSubscriptionArgs } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { createGraphQLError } from '../graphql-errors.ts'
import { executeOperation } from '../execute-operation.ts'
import { toPublicVariableErrors } from '../variable-errors.ts'
import { createForbiddenOverGetError, isForbiddenOverGet } from '../forbidden-over-get.ts'

/** Executes with graphql-js instead of Yoga's executor. Refuses subscriptions, which have transports of their own. */
export function useExecutor(): Plugin {
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
  if (isGet) {
    if (isForbiddenOverGet(args)) return { data: null, errors: [createForbiddenOverGetError()] }
    const validated = validateSubscriptionArgs(args)
    if (!('schema' in validated)) return { data: null, errors: toPublicVariableErrors(validated, args) }
  }
  const message = 'Subscriptions need another transport. Send Accept: text/event-stream, or use a WebSocket.'
  return { data: null, errors: [createGraphQLError('BAD_USER_INPUT', message, { path: [], http: { status: 406 } })] }
}
