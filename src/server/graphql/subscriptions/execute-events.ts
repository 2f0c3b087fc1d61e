import {
  executeSubscriptionEvent,
  type ExecutionResult,
  mapSourceToResponseEvent,
  type ValidatedSubscriptionArgs,
} from 'graphql'
import { type Context, renewGraphQLContext } from '../../../schema/context.ts'
import { addEventSeq } from './subscription-results.ts'

/** Makes the errors of a result public. */
export type FormatResult = (result: ExecutionResult, context: Context) => ExecutionResult

/** A subscription whose source has been created. */
export interface StartedSubscription {
  readonly args: ValidatedSubscriptionArgs
  readonly context: Context
  readonly formatResult: FormatResult
}

/**
 * Executes a subscription once for each event of a source.
 *
 * @param onExecute Is called before each execution.
 */
export function executeEvents(
  { args, context: firstContext, formatResult }: StartedSubscription,
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
    const result = formatResult(await executeSubscriptionEvent({ ...eventArgs, contextValue: context }), context)
    return addEventSeq(result, seq)
  })
}

function readSeq(event: unknown): unknown {
  return typeof event === 'object' && event !== null && 'seq' in event ? event.seq : null
}
