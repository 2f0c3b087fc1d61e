/** Runs a task some time after it is asked for: at once, or when the interval since the last time has passed. */
export class ThrottledTask {
  readonly #run: () => Promise<void>
  readonly #minIntervalMs: number
  #timer: NodeJS.Timeout | null = null
  /** When it began last, by `performance.now()`. */
  #startedAt = -Infinity
  #running: Promise<void> = Promise.resolve()
  #isClosed = false

  /** @param run If it rejects, the next call of `schedule` tries it again. */
  constructor(run: () => Promise<void>, minIntervalMs: number) {
    this.#run = run
    this.#minIntervalMs = minIntervalMs
  }

  schedule(): void {
    if (this.#timer !== null || this.#isClosed) return
    const waitMs = Math.max(0, this.#startedAt + this.#minIntervalMs - performance.now())
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.#startedAt = performance.now()
      this.#running = this.#running.then(this.#run).catch(() => undefined)
    }, waitMs).unref()
  }

  /** Resolves when it does not run any more. */
  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    await this.#running
  }
}
