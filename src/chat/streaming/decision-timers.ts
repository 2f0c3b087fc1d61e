interface PendingDecision {
  readonly isOver: Promise<void>
  readonly resolve: () => void
  readonly timer: NodeJS.Timeout
}

/** The pending decisions of a stream, each with the timer that expires it. */
export class DecisionTimers {
  readonly #pending = new Map<string, PendingDecision>()
  readonly #onExpired: (decisionId: string) => void

  constructor(onExpired: (decisionId: string) => void) {
    this.#onExpired = onExpired
  }

  start(decisionId: string, timeoutMs: number): void {
    const { promise, resolve } = Promise.withResolvers<void>()
    // One millisecond more, because a timer may fire up to a millisecond before `expiresAt` by the wall clock.
    const timer = setTimeout(() => this.#onExpired(decisionId), timeoutMs + 1)
    this.#pending.set(decisionId, { isOver: promise, resolve, timer })
  }

  /** Resolves when the decision is cancelled here, which happens once it is resolved. At once if it is not pending. */
  async wait(decisionId: string): Promise<void> {
    await this.#pending.get(decisionId)?.isOver
  }

  cancel(decisionId: string): void {
    const pending = this.#pending.get(decisionId)
    if (!pending) return
    clearTimeout(pending.timer)
    this.#pending.delete(decisionId)
    pending.resolve()
  }

  cancelAll(): void {
    for (const id of [...this.#pending.keys()]) this.cancel(id)
  }
}
