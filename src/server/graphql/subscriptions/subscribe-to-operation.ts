import { createSourceEventStream, type ExecutionArgs, type ExecutionResult, validateSubscriptionArgs } from 'graphql'
import { EventSubscription } from '../../../chat/subscriptions/event-subscription.ts'
import { requireGraphQLContext } from '../execute-operation.ts'
import { toPublicVariableErrors } from '../variable-errors.ts'
import { executeEvents, type FormatResult } from './execute-events.ts'
import type { SharedExecutions } from './shared-executions.ts'
import { SharedResults } from './shared-results.ts'
import type { SubscriptionResults } from './subscription-results.ts'

export interface SubscribeOptions {
  /** Is applied to the single result, or to every result of the stream. */
  readonly formatResult: FormatResult
  readonly sharedExecutions: SharedExecutions
  /** See `StartedSubscription`. */
  readonly usesPlans: boolean
}

/** Starts a subscription. Returns a single result with errors if it cannot start. */
export async function subscribeToOperation(
  args: ExecutionArgs,
  { formatResult, sharedExecutions, usesPlans }: SubscribeOptions,
): Promise<ExecutionResult | SubscriptionResults> {
  const validated = validateSubscriptionArgs(args)
  const context = requireGraphQLContext(args)
  if (!('schema' in validated)) return formatResult({ errors: toPublicVariableErrors(validated, args) }, context)
  const source = await createSource(validated)
  if (!(Symbol.asyncIterator in source)) return formatResult(source, context)
  const subscription = { args: validated, context, formatResult, usesPlans }
  if (source instanceof EventSubscription) return new SharedResults(subscription, source, sharedExecutions)
  return Object.assign(executeEvents(subscription, source), {
    isFullyRead: false,
    isSessionRemoved: () => false,
    sendSharedTo: () => undefined,
  })
}

async function createSource(
  args: Parameters<typeof createSourceEventStream>[0],
): Promise<Awaited<ReturnType<typeof createSourceEventStream>>> {
  using profiles = requireGraphQLContext(args).profiles
  const source = await createSourceEventStream(args)
  // Until the first event, which may be hours away, nothing of what was read is needed: it would be most of what an idle subscriber holds.
  profiles.clearCaches()
  return source
}
