import {
  executeRootSelectionSet,
  type ExecutionArgs,
  type ExecutionResult,
  type ValidatedExecutionArgs,
  validateExecutionArgs,
} from 'graphql'
import type { Context } from '../../schema/context.ts'
import { waitForAbort } from '../../lib/async/wait-for-abort.ts'
import { findErrorCode } from './graphql-errors.ts'
import type { OperationLimits } from './limits/operation-limits.ts'
import { QueryTimeout } from './limits/query-timeout.ts'
import { QueryContext } from './query-context.ts'
import { findOperationPlan } from './plans/operation-plans.ts'
import { executePlan, type PlannedResult } from './plans/plan-execution.ts'
import { toPublicVariableErrors } from './variable-errors.ts'

export interface ExecuteOptions extends Pick<OperationLimits, 'querySeconds'> {
  /** Whether queries are executed by plans, if they can be. */
  readonly usesPlans: boolean
}

/** Executes a query or a mutation. A query ends with TIMEOUT after `querySeconds`, or when its client disconnects. */
export async function executeOperation(args: ExecutionArgs, options: ExecuteOptions): Promise<ExecutionResult> {
  const context = requireGraphQLContext(args)
  const validated = validateExecutionArgs(args)
  if (!('schema' in validated)) return { errors: toPublicVariableErrors(validated, args) }
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
    context.profiles[Symbol.dispose]()
    telemetry.end(codes)
  }
}

/**
 * Executes a query until its time is over. Its lists end early then, and nobody gets its result: graphql-js' own abort signal
 * would leave rejections of items that nobody handles.
 */
function executeQuery(
  args: ValidatedExecutionArgs,
  { querySeconds, usesPlans }: ExecuteOptions,
  context: Context,
): Promise<ExecutionResult> | ExecutionResult {
  const timeout = new QueryTimeout(querySeconds, context.signal)
  const execute = () => executeRootSelectionSet({ ...args, contextValue: new QueryContext(context, timeout, false) })
  const plan = usesPlans ? findOperationPlan(args) : null
  const execution = plan
    ? completePlanned(executePlan(plan, args, new QueryContext(context, timeout, true)), () => {
        // Errors come in the order in which they happen, which depends on what has been read before.
        context.profiles.clearCaches()
        return execute()
      })
    : execute()
  return isPromise(execution) ? endAtTimeout(execution, timeout) : execution
}

async function endAtTimeout(execution: Promise<ExecutionResult>, timeout: QueryTimeout): Promise<ExecutionResult> {
  using _ = timeout
  const ended = waitForAbort(timeout.signal).then(() => ({ errors: [timeout.createError()] }))
  return await Promise.race([execution, ended])
}

/** The result of a plan, or what `executeAgain` returns if the plan has none. */
function completePlanned(
  planned: Promise<PlannedResult> | PlannedResult,
  executeAgain: () => Promise<ExecutionResult> | ExecutionResult,
): Promise<ExecutionResult> | ExecutionResult {
  return isPromise(planned) ? planned.then((result) => result ?? executeAgain()) : (planned ?? executeAgain())
}

function isPromise<T>(value: Promise<T> | T): value is Promise<T> {
  return value instanceof Promise
}

/** The codes of the errors of a result, formatted or not. */
export function listErrorCodes({ errors = [] }: ExecutionResult): string[] {
  return errors.map(findErrorCode)
}

/** Yoga adds fields of its own to the context, so its type is lost on the way here. */
export function requireGraphQLContext({ contextValue }: Pick<ExecutionArgs, 'contextValue'>): Context {
  if (isContext(contextValue)) return contextValue
  throw new TypeError('The operation has no context. Create one with createContext.')
}

function isContext(value: unknown): value is Context {
  return typeof value === 'object' && value !== null && 'profiles' in value
}
