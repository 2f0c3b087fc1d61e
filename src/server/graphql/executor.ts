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
import { type Context, renewContext } from '../../schema/context.ts'
import { toPublicError } from './format-error.ts'

/** How operations are executed, whichever transport they came by. */
export interface Executor {
  execute(args: ExecutionArgs): Promise<ExecutionResult>
  subscribe(args: ExecutionArgs): Promise<ExecutionResult | AsyncIterable<ExecutionResult>>
}

const eventSeqKey = Symbol('the seq of the event that a result tells of')

/** The seq of the event that a result tells of, whether or not its document asked for it; null for any other result. */
export function findEventSeq(result: object): number | null {
  const id: unknown = Reflect.get(result, eventSeqKey)
  return typeof id === 'number' ? id : null
}

export function createExecutor(onUnexpectedError: (error: unknown) => void): Executor {
  const toPublicResult = (result: ExecutionResult): ExecutionResult =>
    result.errors
      ? { ...result, errors: result.errors.map((error) => toPublicError(error, onUnexpectedError)) }
      : result

  return {
    async execute(args) {
      const validated = validateExecutionArgs(args)
      return toPublicResult('schema' in validated ? await executeRootSelectionSet(validated) : { errors: validated })
    },
    async subscribe(args) {
      const validated = validateSubscriptionArgs(args)
      if (!('schema' in validated)) return toPublicResult({ errors: validated })
      const source = await createSourceEventStream(validated)
      if (!(Symbol.asyncIterator in source)) return toPublicResult(source)
      // Each event is an execution of its own, with loaders of its own: one that lived as long as the subscription
      // would show the first row for hours.
      return mapSourceToResponseEvent(validated, source, async (eventArgs) => {
        const contextValue = renewContext(requireContext(eventArgs))
        const result = toPublicResult(await executeSubscriptionEvent({ ...eventArgs, contextValue }))
        return { ...result, [eventSeqKey]: extractSeq(eventArgs.rootValue) }
      })
    },
  }
}

function extractSeq(event: unknown): unknown {
  return typeof event === 'object' && event !== null && 'seq' in event ? event.seq : null
}

/** Yoga and graphql-ws both hand on what `newContext` made, Yoga among things of its own. */
function requireContext({ contextValue }: { contextValue: unknown }): Context {
  if (isContext(contextValue)) return contextValue
  throw new TypeError('an operation was executed without a context')
}

function isContext(value: unknown): value is Context {
  return typeof value === 'object' && value !== null && 'profiles' in value
}
