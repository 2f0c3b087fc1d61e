import { CommitPacer } from './commit-pacer.ts'

/**
 * Says when the streams of a profile commit what they have collected: at once while commits take little of the time, and under load
 * all at the same time, so that one transaction serves them.
 */
export class CommitScheduler {
  readonly #pacer = new CommitPacer()
  readonly #due = new Set<() => void>()
  #committedAtMs = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | null = null
  /** Resolves when the timer fires. */
  #isDue = Promise.withResolvers<void>()

  /** Calls `commit` when the next commit is due, which may be now. Does nothing if it waits already. */
  schedule(commit: () => void): void {
    if (this.#due.has(commit)) return
    const waitMs = this.#getWaitMs()
    if (waitMs <= 0 && this.#timer === null) return commit()
    this.#due.add(commit)
    this.#startTimer(waitMs)
  }

  /** Resolves when the next commit is due, which may be now. */
  async waitUntilDue(): Promise<void> {
    const waitMs = this.#getWaitMs()
    if (waitMs <= 0 && this.#timer === null) return
    this.#startTimer(waitMs)
    await this.#isDue.promise
  }

  cancel(commit: () => void): void {
    this.#due.delete(commit)
  }

  /** Counts a transaction that has just ended. */
  onCommitted(durationMs: number): void {
    this.#committedAtMs = performance.now()
    this.#pacer.onCommitted(durationMs, this.#committedAtMs)
  }

  #getWaitMs(): number {
    const nowMs = performance.now()
    return this.#committedAtMs + this.#pacer.getIntervalMs(nowMs) - nowMs
  }

  #startTimer(waitMs: number): void {
    this.#timer ??= setTimeout(() => this.#commitDue(), Math.max(0, waitMs))
  }

  #commitDue(): void {
    this.#timer = null
    this.#isDue.resolve()
    this.#isDue = Promise.withResolvers()
    const due = [...this.#due]
    this.#due.clear()
    for (const commit of due) commit()
  }
}
