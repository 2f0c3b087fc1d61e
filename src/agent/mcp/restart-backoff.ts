/** The pause after the first failure. It doubles with each further failure. */
const minBackoffMs = 5_000
const defaultMaxBackoffMs = 5 * 60_000
/** A server that ran for this long counts as stable: its earlier failures are forgotten. */
const stableUptimeMs = 60_000

/** Determines when a server that fails to start, or exits repeatedly, may be started again. */
export class RestartBackoff {
  readonly #now: () => number
  readonly #maxBackoffMs: number
  #failureCount = 0
  #retryAt = -Infinity

  /** `now`: a monotonic clock, in milliseconds. */
  constructor(now: () => number, maxBackoffMs = defaultMaxBackoffMs) {
    this.#now = now
    this.#maxBackoffMs = maxBackoffMs
  }

  /** Whether the server may be started now. */
  get isElapsed(): boolean {
    return this.remainingMs === 0
  }

  /** Milliseconds until the server may be started; 0 if it may be started now. */
  get remainingMs(): number {
    return Math.max(0, this.#retryAt - this.#now())
  }

  /** Records a failed start. */
  recordFailure(): void {
    this.#failureCount += 1
    this.#scheduleRetry()
  }

  /** Records an exit. The first exit of a stable server causes no pause. */
  recordExit(uptimeMs: number): void {
    if (uptimeMs >= stableUptimeMs) this.#failureCount = 0
    this.#scheduleRetry()
    if (uptimeMs < stableUptimeMs) this.#failureCount += 1
  }

  #scheduleRetry(): void {
    const backoffMs =
      this.#failureCount === 0 ? 0 : Math.min(minBackoffMs * 2 ** (this.#failureCount - 1), this.#maxBackoffMs)
    this.#retryAt = this.#now() + backoffMs
  }
}
