import type { ExecutionResult } from 'graphql'
import type { EventSubscription } from '../../../chat/subscriptions/event-subscription.ts'
import { renewGraphQLContext } from '../../../schema/context.ts'
import { executeEvents, type StartedSubscription } from './execute-events.ts'
import type { SharedExecution, SharedExecutionOptions, SharedSubscriber } from './shared-execution.ts'
import type { SharedExecutions } from './shared-executions.ts'
import { createSharingKey } from './sharing-key.ts'
import { findEventSeq, type ResultSink, type SubscriptionResults } from './subscription-results.ts'

type NextResult = IteratorResult<ExecutionResult, void>

const done: NextResult = { done: true, value: undefined }

/**
 * The results of one subscriber to a log. It executes events by itself until it has received all there are. Then it shares the
 * execution of the next ones with the other subscribers that have. When it was too slow for one, it reads on by itself, from
 * its own cursor.
 */
export class SharedResults implements SubscriptionResults, SharedSubscriber {
  readonly #subscription: StartedSubscription
  readonly #executions: SharedExecutions
  readonly #key: string
  /** What it reads by itself; what it would read while it shares an execution. */
  #source: EventSubscription
  /** Its own execution of `#source`. Null while it shares one. */
  #own: AsyncGenerator<ExecutionResult, void, void> | null
  #shared: SharedExecution | null = null
  #seq: number | null = null
  #waiting: PromiseWithResolvers<NextResult> | null = null
  #sink: ResultSink | null = null
  #hasEnded = false

  constructor(subscription: StartedSubscription, source: EventSubscription, executions: SharedExecutions) {
    this.#subscription = subscription
    this.#source = source
    this.#executions = executions
    this.#key = `${source.key} ${createSharingKey(subscription)}`
    this.#own = executeEvents(subscription, source)
  }

  get isFullyRead(): boolean {
    return this.#source.isFullyRead
  }

  get isWaiting(): boolean {
    return this.#waiting !== null
  }

  isSessionRemoved(): boolean {
    return (this.#shared ?? this.#source).isSessionRemoved()
  }

  sendSharedTo(sink: ResultSink): void {
    this.#sink = sink
  }

  async next(): Promise<NextResult> {
    if (this.#hasEnded || (this.#seq !== null && this.#shared?.hasEndedAt(this.#seq))) return this.return()
    if (this.#seq === null || (this.#own && this.#source.isComplete)) return this.#readOwn()
    await this.#executions.catchUp(this.#key, this.#seq)
    // It may have been closed meanwhile.
    if (this.#hasEnded) return done
    if (!this.#joinShared(this.#seq)) return this.#readOwn()
    this.#waiting = Promise.withResolvers()
    return this.#waiting.promise
  }

  async return(): Promise<NextResult> {
    this.#hasEnded = true
    this.#shared?.leave(this)
    this.#settle((waiting) => waiting.resolve(done))
    await this.#own?.return()
    return done
  }

  async throw(error: unknown): Promise<NextResult> {
    await this.return()
    throw error
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  onResult(result: ExecutionResult, seq: number): void {
    this.#seq = seq
    if (!this.#sink?.trySend(result)) this.#settle((waiting) => waiting.resolve({ value: result }))
  }

  onEnd(): void {
    this.#hasEnded = true
    this.#settle((waiting) => waiting.resolve(done))
  }

  onError(error: unknown): void {
    this.#hasEnded = true
    this.#settle((waiting) => waiting.reject(error))
  }

  #settle(settle: (waiting: PromiseWithResolvers<NextResult>) => void): void {
    const waiting = this.#waiting
    this.#waiting = null
    if (waiting) settle(waiting)
  }

  /** Returns false if it has to read on by itself. */
  #joinShared(seq: number): boolean {
    if (this.#shared?.wait(this, seq)) return true
    const shared = this.#executions.join(this.#key, this, seq, () => this.#createSharedOptions(seq))
    if (!shared) return false
    this.#shared = shared
    void this.#own?.return()
    this.#own = null
    return true
  }

  async #readOwn(): Promise<NextResult> {
    if (!this.#own) {
      this.#shared = null
      this.#source = this.#source.openAfter(this.#seq ?? 0)
      this.#own = executeEvents(this.#subscription, this.#source)
    }
    const result = await this.#own.next()
    if (result.done) this.#hasEnded = true
    else this.#seq = findEventSeq(result.value)
    return result
  }

  /** Null as long as there are events that it has not received: others would have to wait for it. */
  #createSharedOptions(seq: number): SharedExecutionOptions | null {
    if (!this.#source.isAtEnd(seq)) return null
    const source = this.#source.openAfter(seq)
    const disconnect = new AbortController()
    const context = { ...renewGraphQLContext(this.#subscription.context), signal: disconnect.signal }
    return {
      after: seq,
      execute: (onExecute) => executeEvents({ ...this.#subscription, context }, source, onExecute),
      isSessionRemoved: () => source.isSessionRemoved(),
      onSizeChange: (size) => {
        source.subscriberCount = size
        if (size === 0) disconnect.abort()
      },
    }
  }
}
