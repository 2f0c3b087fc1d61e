import {
  executeSubscriptionEvent,
  type ExecutionResult,
  mapSourceToResponseEvent,
  type ValidatedSubscriptionArgs,
} from 'graphql'
import { type Context, renewGraphQLContext } from '../../../schema/context.ts'
import { findOperationPlan } from '../plans/operation-plans.ts'
import { executePlan } from '../plans/plan-execution.ts'
import { addEventSeq } from './subscription-results.ts'

/** Makes the errors of a result public. */
export type FormatResult = (result: ExecutionResult, context: Context) => ExecutionResult

/** A subscription whose source has been created. */
export interface StartedSubscription {
  readonly args: ValidatedSubscriptionArgs
  readonly context: Context
  readonly formatResult: FormatResult
  /** Whether its events are executed by a plan, if they can be. */
  readonly usesPlans: boolean
}

/**
 * Executes a subscription once for each event of a source.
 *
 * @param onExecute Is called before each execution.
 */
export function executeEvents(
  { args, context: firstContext, formatResult, usesPlans }: StartedSubscription,
  source: AsyncIterable<unknown>,
  onExecute: () => void = () => undefined,
): AsyncGenerator<ExecutionResult, void, void> {
  let context = firstContext
  return mapSourceToResponseEvent(args, source, async (eventArgs) => {
    onExecute()
    const seq = readSeq(eventArgs.rootValue)
    // Loaders as old as the subscription would serve stale rows. The events of a log share them while nothing changes.
    if (seq === null || !context.profiles.reopen()) context = renewGraphQLContext(context)
    using _ = context.profiles
    context.truncatedPaths.length = 0
    const planned = usesPlans ? await executePlanned(eventArgs, context) : null
    const result = planned ?? (await executeSubscriptionEvent({ ...eventArgs, contextValue: context }))
    return addEventSeq(formatResult(result, context), seq)
  })
}

/** The result of an event by a plan, as of a query. Null: graphql-js has to execute it. */
async function executePlanned(args: ValidatedSubscriptionArgs, context: Context): Promise<ExecutionResult | null> {
  const plan = findOperationPlan(args)
  const result = plan && (await executePlan(plan, args, { ...context, isPlanned: true }))
  if (plan && !result) {
    context.profiles.clearCaches()
    context.truncatedPaths.length = 0
  }
  return result
}

function readSeq(event: unknown): unknown {
  return typeof event === 'object' && event !== null && 'seq' in event ? event.seq : null
}
