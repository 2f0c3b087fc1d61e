import type { ExecutionResult } from 'graphql'
import { findEventSeq } from './subscription-results.ts'

/** A subscriber of a shared execution. */
export interface SharedSubscriber {
  /** Whether it waits for the next result. It does not while its transport sends one to a client that is slow. */
  readonly isWaiting: boolean
  /** Receives a result. Called only while it waits. */
  onResult(result: ExecutionResult, seq: number): void
  /** There are no further results. Called only while it waits. */
  onEnd(): void
  onError(error: unknown): void
}

export interface SharedExecutionOptions {
  /** The seq of the newest event that the first subscriber has received. */
  readonly after: number
  /** Starts to execute the events after `after`. `onExecute` is called before each execution. */
  readonly execute: (onExecute: () => void) => AsyncGenerator<ExecutionResult, void, void>
  /** Called with the number of subscribers when it has changed. 0: the execution is over. */
  readonly onSizeChange: (size: number) => void
  /** Whether the session was deleted. */
  readonly isSessionRemoved: () => boolean
}

/**
 * Executes the events of a log once for all subscribers that have received the same ones and wait for more. A subscriber that
 * does not wait when a result is there misses it, and leaves.
 */
export class SharedExecution {
  readonly isSessionRemoved: SharedExecutionOptions['isSessionRemoved']
  readonly #subscribers = new Set<SharedSubscriber>()
  readonly #results: AsyncGenerator<ExecutionResult, void, void>
  readonly #onSizeChange: SharedExecutionOptions['onSizeChange']
  #seq: number
  #isExecuting = false
  #hasEnded = false
  /** Resolved when a subscriber waits again, or the last one has left. Null while one waits. */
  #resumed: PromiseWithResolvers<void> | null = null
  /** Resolved after the next result, and at the end. Null: nobody waits for that. */
  #progress: PromiseWithResolvers<void> | null = null

  constructor({ after, execute, onSizeChange, isSessionRemoved }: SharedExecutionOptions) {
    this.#seq = after
    this.#onSizeChange = onSizeChange
    this.isSessionRemoved = isSessionRemoved
    this.#results = execute(() => (this.#isExecuting = true))
  }

  /** Whether the subscribers have received the last event there is, and it has this seq. */
  hasEndedAt(seq: number): boolean {
    return this.#hasEnded && this.#seq === seq
  }

  /**
   * Resolves when a subscriber that has received all events up to `seq` is not ahead of this execution: at once, or after a
   * result or two. Does not wait for subscribers that are slow.
   */
  async catchUpTo(seq: number): Promise<void> {
    while (!this.#hasEnded && !this.#resumed && (seq > this.#seq || (seq === this.#seq && this.#isExecuting))) {
      this.#progress ??= Promise.withResolvers()
      await this.#progress.promise
    }
  }

  /**
   * Has a subscriber that has received all events up to `seq` wait for the next one. Returns false if it has to read on by
   * itself first. So it has to while an event is being executed: it may have seen newer rows than those that were read for it.
   */
  wait(subscriber: SharedSubscriber, seq: number): boolean {
    if (this.#hasEnded || this.#isExecuting || seq !== this.#seq) {
      this.leave(subscriber)
      return false
    }
    const isNew = !this.#subscribers.has(subscriber)
    this.#subscribers.add(subscriber)
    if (isNew) this.#onSizeChange(this.#subscribers.size)
    this.#resumed?.resolve()
    return true
  }

  leave(subscriber: SharedSubscriber): void {
    if (!this.#subscribers.delete(subscriber)) return
    this.#onSizeChange(this.#subscribers.size)
    if (this.#subscribers.size === 0) this.#stop()
  }

  /** Executes events as long as there are subscribers. Call it once, when the first one waits. */
  async run(): Promise<void> {
    try {
      for await (const result of this.#results) {
        this.#deliver(result)
        const resumed = this.#waitForSubscriber()
        this.#reportProgress()
        await resumed
      }
      this.#end((subscriber) => subscriber.onEnd())
    } catch (error) {
      this.#end((subscriber) => subscriber.onError(error))
    }
  }

  #deliver(result: ExecutionResult): void {
    const seq = findEventSeq(result)
    if (seq === null) throw new TypeError('The result of an event has no seq.')
    this.#seq = seq
    this.#isExecuting = false
    for (const subscriber of this.#subscribers) {
      if (subscriber.isWaiting) subscriber.onResult(result, seq)
    }
  }

  /** Nothing is executed for nobody: a subscriber that is alone sets the pace. */
  async #waitForSubscriber(): Promise<void> {
    if (this.#hasEnded || this.#subscribers.values().some(({ isWaiting }) => isWaiting)) return
    this.#resumed = Promise.withResolvers()
    await this.#resumed.promise
    this.#resumed = null
  }

  #reportProgress(): void {
    this.#progress?.resolve()
    this.#progress = null
  }

  /** Nobody is left. The events that were not delivered remain to be executed by whoever reads them. */
  #stop(): void {
    this.#seq = Number.NaN
    this.#hasEnded = true
    this.#reportProgress()
    this.#resumed?.resolve()
    void this.#results.return()
  }

  #end(notify: (subscriber: SharedSubscriber) => void): void {
    this.#hasEnded = true
    this.#reportProgress()
    const waiting = [...this.#subscribers].filter(({ isWaiting }) => isWaiting)
    this.#subscribers.clear()
    this.#onSizeChange(0)
    for (const subscriber of waiting) notify(subscriber)
  }
}
