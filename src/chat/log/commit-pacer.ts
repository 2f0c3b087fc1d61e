const minIntervalMs = 2
const maxIntervalMs = 20
/** From this share of the time on, commits are as rare as possible. */
const fullLoad = 0.05
/** Commits count less the longer ago they were. After this time, by a factor of e. */
const memoryMs = 100

/**
 * Decides how long the streams of a profile collect events before they commit them. Hardly at all while commits take little of
 * the time, so that a token is delivered at once; longer under load, so that fewer commits do the same work.
 */
export class CommitPacer {
  /** The share of the time that commits have taken lately. */
  #load = 0
  #measuredAtMs = 0

  /** The time between two commits of the profile, in milliseconds. */
  getIntervalMs(nowMs: number): number {
    const share = Math.min(1, this.#decay(nowMs) / fullLoad)
    return minIntervalMs + share * (maxIntervalMs - minIntervalMs)
  }

  /** Counts a commit that has just ended. */
  onCommitted(durationMs: number, nowMs: number): void {
    this.#load = this.#decay(nowMs) + durationMs / memoryMs
    this.#measuredAtMs = nowMs
  }

  #decay(nowMs: number): number {
    return this.#load * Math.exp((this.#measuredAtMs - nowMs) / memoryMs)
  }
}
