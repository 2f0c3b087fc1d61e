/** The pause after the first failure. It doubles with each further failure. */
const minBackoffMs = 5_000
const maxBackoffMs = 5 * 60_000
/** A server that ran for this long counts as stable: its earlier failures are forgotten. */
const stableUptimeMs = 60_000

/** Determines when a server that fails to start, or exits repeatedly, may be started again. */
export class RestartBackoff {
  readonly #now: () => number
  #failureCount = 0
  #retryAt = -Infinity

  constructor(now: () => number) {
    this.#now = now
  }

  /** Whether the server may be started now. */
  get isElapsed(): boolean {
    return this.#now() >= this.#retryAt
  }

  /** Whether the server has failed since it was stable. */
  get hasRecentFailures(): boolean {
    return this.#failureCount > 0
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
      this.#failureCount === 0 ? 0 : Math.min(minBackoffMs * 2 ** (this.#failureCount - 1), maxBackoffMs)
    this.#retryAt = this.#now() + backoffMs
  }
}
