import {
  createSourceEventStream,
  executeRootSelectionSet,
  executeSubscriptionEvent,
  type ExecutionArgs,
  type ExecutionResult,
  mapSourceToResponseEvent,
  validateExecutionArgs,
  validateSubscriptionArgs,
} from 'graphql'
import { type Context, refreshed } from '../../schema/context.ts'
import { publicError } from './format-error.ts'

/** How operations are executed, whichever transport they came by. */
export interface Execution {
  execute(args: ExecutionArgs): Promise<ExecutionResult>
  subscribe(args: ExecutionArgs): Promise<ExecutionResult | AsyncIterable<ExecutionResult>>
}

const eventId = Symbol('the seq of the event that a result tells of')

/** The seq of the event that a result tells of, whether or not its document asked for it; null for any other result. */
export function eventIdOf(result: object): number | null {
  const id: unknown = Reflect.get(result, eventId)
  return typeof id === 'number' ? id : null
}

export function newExecution(onFault: (fault: unknown) => void): Execution {
  const shown = (result: ExecutionResult): ExecutionResult =>
    result.errors ? { ...result, errors: result.errors.map((error) => publicError(error, onFault)) } : result

  return {
    async execute(args) {
      const validated = validateExecutionArgs(args)
      return shown('schema' in validated ? await executeRootSelectionSet(validated) : { errors: validated })
    },
    async subscribe(args) {
      const validated = validateSubscriptionArgs(args)
      if (!('schema' in validated)) return shown({ errors: validated })
      const source = await createSourceEventStream(validated)
      if (!(Symbol.asyncIterator in source)) return shown(source)
      // Each event is an execution of its own, with loaders of its own: one that lived as long as the subscription
      // would show the first row for hours.
      return mapSourceToResponseEvent(validated, source, async (eventArgs) => {
        const contextValue = refreshed(contextOf(eventArgs))
        const result = shown(await executeSubscriptionEvent({ ...eventArgs, contextValue }))
        return { ...result, [eventId]: seqOf(eventArgs.rootValue) }
      })
    },
  }
}

function seqOf(event: unknown): unknown {
  return typeof event === 'object' && event !== null && 'seq' in event ? event.seq : null
}

/** Yoga and graphql-ws both hand on what `newContext` made, Yoga among things of its own. */
function contextOf({ contextValue }: { contextValue: unknown }): Context {
  if (isContext(contextValue)) return contextValue
  throw new TypeError('an operation was executed without a context')
}

function isContext(value: unknown): value is Context {
  return typeof value === 'object' && value !== null && 'scopes' in value
}
