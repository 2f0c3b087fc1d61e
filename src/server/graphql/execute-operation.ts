import {
  createSourceEventStream,
  executeRootSelectionSet,
  executeSubscriptionEvent,
  type ExecutionArgs,
  type ExecutionResult,
  mapSourceToResponseEvent,
  type ValidatedExecutionArgs,
  validateExecutionArgs,
  validateSubscriptionArgs,
} from 'graphql'
import { type Context, renewGraphQLContext } from '../../schema/context.ts'
import { waitForAbort } from '../../lib/async/wait-for-abort.ts'
import { findErrorCode } from './graphql-errors.ts'
import type { OperationLimits } from './limits/operation-limits.ts'
import { QueryTimeout } from './limits/query-timeout.ts'
import type { OperationPlan } from './plans/operation-plan.ts'
import { findOperationPlan } from './plans/operation-plans.ts'
import { executePlan } from './plans/plan-execution.ts'
import { toPublicVariableErrors } from './variable-errors.ts'

/** The results of a subscription. */
export interface SubscriptionResultStream extends AsyncGenerator<ExecutionResult, void, void> {
  /** The reader's cursor is at the end of a finished stream: no event is left to send. */
  readonly isFullyRead: boolean
  /** Whether the session that it follows was deleted. */
  isSessionRemoved(): boolean
}

const eventSeqKey = Symbol('the seq of the event in a result')

/** The seq of the event in a result, whether or not the document selects it; null when the result has no such event. */
export function findExecutionResultEventSeq(result: object): number | null {
  const seq: unknown = Reflect.get(result, eventSeqKey)
  return typeof seq === 'number' ? seq : null
}

export interface ExecuteOptions extends Pick<OperationLimits, 'querySeconds'> {
  /** Whether queries are executed by plans, if they can be. */
  readonly usesPlans: boolean
}

/** Executes a query or a mutation. A query ends with TIMEOUT after `querySeconds`, or when its client disconnects. */
export async function executeOperation(args: ExecutionArgs, options: ExecuteOptions): Promise<ExecutionResult> {
  const context = requireGraphQLContext(args)
  const validated = validateExecutionArgs(args)
  if (!('schema' in validated)) return { errors: toPublicVariableErrors(validated, args) }
  using _ = context.profiles
  const { operation, name } = validated.operation
  const telemetry = context.profiles.visible.telemetry.startOperation({
    type: operation,
    name: name?.value ?? null,
    traceparent: context.traceparent,
  })
  let codes: readonly string[] = ['INTERNAL']
  try {
    const result = await telemetry.run(() =>
      operation === 'query' ? executeQuery(validated, options, context) : executeRootSelectionSet(validated),
    )
    codes = listErrorCodes(result)
    return result
  } finally {
    telemetry.end(codes)
  }
}

/**
 * Executes a query until its time is over. Its lists end early then, and nobody gets its result: graphql-js' own abort signal
 * would leave rejections of items that nobody handles.
 */
async function executeQuery(
  args: ValidatedExecutionArgs,
  { querySeconds, usesPlans }: ExecuteOptions,
  context: Context,
): Promise<ExecutionResult> {
  using timeout = new QueryTimeout(querySeconds, context.signal)
  const { signal } = timeout
  const contextValue = { ...context, signal }
  const plan = usesPlans ? findOperationPlan(args) : null
  const execution = plan
    ? executeWithPlan(plan, { ...args, contextValue })
    : executeRootSelectionSet({ ...args, contextValue })
  const ended = waitForAbort(timeout.signal).then(() => ({ errors: [timeout.createError()] }))
  return await Promise.race([execution, ended])
}

async function executeWithPlan(plan: OperationPlan, args: ValidatedExecutionArgs): Promise<ExecutionResult> {
  const context = requireGraphQLContext(args)
  const result = await executePlan(plan, { ...args, contextValue: { ...context, isPlanned: true } })
  if (result !== null) return result
  // Errors come in the order in which they happen, which depends on what has been read before.
  context.profiles.clearCaches()
  return executeRootSelectionSet(args)
}

/** The codes of the errors of a result, formatted or not. */
export function listErrorCodes({ errors = [] }: ExecutionResult): string[] {
  return errors.map(findErrorCode)
}

/**
 * Starts a subscription. Returns a single result with errors if it cannot start.
 *
 * @param formatResult Is applied to the single result, or to every result of the stream.
 */
export async function subscribeToOperation(
  args: ExecutionArgs,
  formatResult: (result: ExecutionResult, context: Context) => ExecutionResult,
): Promise<ExecutionResult | SubscriptionResultStream> {
  const validated = validateSubscriptionArgs(args)
  let context = requireGraphQLContext(args)
  if (!('schema' in validated)) return formatResult({ errors: toPublicVariableErrors(validated, args) }, context)
  const source = await createSource(validated)
  if (!(Symbol.asyncIterator in source)) return formatResult(source, context)
  const results = mapSourceToResponseEvent(validated, source, async (eventArgs) => {
    const seq = readSeq(eventArgs.rootValue)
    // Loaders as old as the subscription would serve stale rows. The events of a log share them while nothing changes.
    if (seq === null || !context.profiles.reopen()) context = renewGraphQLContext(context)
    using _ = context.profiles
    context.truncatedPaths.length = 0
    const result = formatResult(await executeSubscriptionEvent({ ...eventArgs, contextValue: context }), context)
    return { ...result, [eventSeqKey]: seq }
  })
  return Object.assign(results, {
    isFullyRead: 'isFullyRead' in source && source.isFullyRead === true,
    isSessionRemoved: () =>
      'isSessionRemoved' in source &&
      typeof source.isSessionRemoved === 'function' &&
      source.isSessionRemoved() === true,
  })
}

async function createSource(
  args: Parameters<typeof createSourceEventStream>[0],
): Promise<Awaited<ReturnType<typeof createSourceEventStream>>> {
  using _ = requireGraphQLContext(args).profiles
  return await createSourceEventStream(args)
}

function readSeq(event: unknown): unknown {
  return typeof event === 'object' && event !== null && 'seq' in event ? event.seq : null
}

/** Yoga adds fields of its own to the context, so its type is lost on the way here. */
export function requireGraphQLContext({ contextValue }: Pick<ExecutionArgs, 'contextValue'>): Context {
  if (isContext(contextValue)) return contextValue
  throw new TypeError('The operation has no context. Create one with createContext.')
}

function isContext(value: unknown): value is Context {
  return typeof value === 'object' && value !== null && 'profiles' in value
}
