/** After the first failure it is left alone for so long, in milliseconds, then for twice as long, and so on. */
const minBackoffMs = 5_000
const maxBackoffMs = 5 * 60_000
/** What has been up for so long, in milliseconds, has got over what was wrong with it. */
const stableUptimeMs = 60_000

/** How long a server is left alone that cannot be started, or that dies again and again. */
export class RestartBackoff {
  readonly #now: () => number
  #failureCount = 0
  #retryAt = -Infinity

  constructor(now: () => number) {
    this.#now = now
  }

  get isElapsed(): boolean {
    return this.#now() >= this.#retryAt
  }

  /** Whether something went wrong not long ago. */
  get hasRecentFailures(): boolean {
    return this.#failureCount > 0
  }

  recordFailure(): void {
    this.#failureCount += 1
    this.#scheduleRetry()
  }

  /** It was up for so many milliseconds. The first end after a quiet time costs no rest. */
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
