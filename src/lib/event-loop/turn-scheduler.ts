/** How long the work of one turn of the event loop may take before it has to wait for the next one. */
const maxTurnMs = 8

/** How many tasks may begin in one turn, whose time is not known yet. */
const maxStarts = 10

export interface TurnSchedulerOptions {
  /** Monotonic, in milliseconds. */
  readonly now?: () => number
  /** Calls back in the next turn of the event loop, after its pending I/O was handled. */
  readonly onNextTurn?: (callback: () => void) => void
}

/**
 * Shares the event loop between long tasks and everything else. A task asks at each of its steps whether it may go on. Once
 * the tasks of a turn have taken `maxTurnMs` together, each waits; then one of them goes on in each turn, in order. However
 * many tasks there are, a turn takes no longer than `maxTurnMs` and one step.
 */
export class TurnScheduler {
  readonly #now: () => number
  readonly #onNextTurn: (callback: () => void) => void
  readonly #waiting: (() => void)[] = []
  #turnStartedAt: number | null = null
  #starts = 0

  constructor({ now = () => performance.now(), onNextTurn = setImmediate }: TurnSchedulerOptions = {}) {
    this.#now = now
    this.#onNextTurn = onNextTurn
  }

  /** Whether the current turn has taken so long that the caller should `wait` before its next step. */
  mustWait(): boolean {
    if (this.#turnStartedAt !== null) return this.#now() - this.#turnStartedAt >= maxTurnMs
    this.#startTurn()
    return false
  }

  /**
   * Whether a task should `wait` before it begins. It goes on after a promise: of a thousand, each would find the turn unused.
   */
  mustWaitToStart(): boolean {
    if (this.mustWait()) return true
    this.#starts += 1
    return this.#starts > maxStarts
  }

  /** Resolves in a later turn, when those that waited before have gone on. */
  wait(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push(resolve)
    if (this.#turnStartedAt === null) this.#startTurn()
    return promise
  }

  #startTurn(): void {
    this.#turnStartedAt = this.#now()
    this.#starts = 0
    this.#onNextTurn(() => this.#endTurn())
  }

  #endTurn(): void {
    this.#turnStartedAt = null
    const resume = this.#waiting.shift()
    if (!resume) return
    this.#startTurn()
    resume()
  }
}

/** The scheduler of this thread. */
export const turnScheduler = new TurnScheduler()
