import type { DecisionRecord } from '../../model/decision.ts'

interface PendingDecision {
  readonly resolved: Promise<DecisionRecord | null>
  readonly resolve: (decision: DecisionRecord | null) => void
  readonly timer: NodeJS.Timeout
}

/** The pending decisions of a stream, each with the timer that expires it. */
export class DecisionTimers {
  readonly #pending = new Map<string, PendingDecision>()
  readonly #onExpired: (decisionId: string) => void

  constructor(onExpired: (decisionId: string) => void) {
    this.#onExpired = onExpired
  }

  /** `timeoutMs`: until the decision expires. Negative if the clock has jumped past that time. */
  start(decisionId: string, timeoutMs: number): void {
    const { promise, resolve } = Promise.withResolvers<DecisionRecord | null>()
    // One millisecond more, because a timer may fire up to a millisecond before `expiresAt` by the wall clock.
    const timer = setTimeout(() => this.#onExpired(decisionId), Math.max(0, timeoutMs) + 1)
    this.#pending.set(decisionId, { resolved: promise, resolve, timer })
  }

  /** Resolves to the decision as it was resolved. To null if it is not pending here, or nobody waits for it any more. */
  async wait(decisionId: string): Promise<DecisionRecord | null> {
    return this.#pending.get(decisionId)?.resolved ?? null
  }

  /** Ends the waiting for a decision that is resolved and committed. */
  resolve(decision: DecisionRecord): void {
    this.#end(decision.id, decision)
  }

  /** Ends all waiting. */
  cancelAll(): void {
    for (const id of [...this.#pending.keys()]) this.#end(id, null)
  }

  #end(decisionId: string, decision: DecisionRecord | null): void {
    const pending = this.#pending.get(decisionId)
    if (!pending) return
    clearTimeout(pending.timer)
    this.#pending.delete(decisionId)
    pending.resolve(decision)
  }
}
