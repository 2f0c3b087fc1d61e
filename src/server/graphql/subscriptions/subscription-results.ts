import type { ExecutionResult } from 'graphql'

/** Where a transport takes results that it can send without waiting. */
export interface ResultSink {
  /** Sends a result. Returns false if it cannot do so at once: then it has sent nothing of it. */
  trySend(result: ExecutionResult): boolean
}

/** The results of a subscription. */
export interface SubscriptionResults extends AsyncGenerator<ExecutionResult, void, void> {
  /** The reader's cursor is at the end of a finished stream: no event is left to send. */
  readonly isFullyRead: boolean
  /** Whether the session that it follows was deleted. */
  isSessionRemoved(): boolean
  /**
   * While `next` is pending, results that other subscribers receive, too, are given to the sink. `next` returns those that the
   * sink does not take, and all others.
   */
  sendSharedTo(sink: ResultSink): void
}

export function isSubscriptionResults(result: object): result is SubscriptionResults {
  return 'sendSharedTo' in result
}

const eventSeqKey = Symbol('the seq of the event in a result')

/** The result with the seq of its event, whether or not the document selects it. */
export function addEventSeq(result: ExecutionResult, seq: unknown): ExecutionResult {
  const withSeq = { ...result, [eventSeqKey]: seq }
  return withSeq
}

/** The seq of the event in a result; null when the result has no such event. */
export function findEventSeq(result: object): number | null {
  const seq: unknown = Reflect.get(result, eventSeqKey)
  return typeof seq === 'number' ? seq : null
}
