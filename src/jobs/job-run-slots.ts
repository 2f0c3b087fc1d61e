/** Frees the slot of a run. Calling it again has no effect. */
export type ReleaseJobRunSlot = () => void

/**
 * Bounds the scheduled runs that are active in this process at the same time, over all profiles. A run that a person starts
 * never waits, but counts. Where several processes share a storage, that bounds the runs of all of them.
 */
export class JobRunSlots {
  #maxConcurrent: number
  readonly #waiting = new Set<() => void>()
  #activeCount = 0

  constructor(maxConcurrent: number) {
    this.#maxConcurrent = maxConcurrent
  }

  get maxConcurrent(): number {
    return this.#maxConcurrent
  }

  /** Changes the bound. Runs that are active go on. */
  set maxConcurrent(value: number) {
    this.#maxConcurrent = value
    if (this.#activeCount < value) this.#notifyWaiting()
  }

  /** How many profiles wait for a free slot. */
  get waitingCount(): number {
    return this.#waiting.size
  }

  /** Takes a slot even if none is free. */
  acquire(): ReleaseJobRunSlot {
    this.#activeCount += 1
    let isReleased = false
    return () => {
      if (isReleased) return
      isReleased = true
      this.#activeCount -= 1
      if (this.#activeCount < this.#maxConcurrent) this.#notifyWaiting()
    }
  }

  /** Takes a slot; returns null if none is free. */
  tryAcquire(): ReleaseJobRunSlot | null {
    return this.#activeCount < this.#maxConcurrent ? this.acquire() : null
  }

  /** Calls `onFree` once when a slot is free, at once if one is. Another caller may be faster. */
  waitForFree(onFree: () => void): void {
    if (this.#activeCount < this.#maxConcurrent) onFree()
    else this.#waiting.add(onFree)
  }

  stopWaiting(onFree: () => void): void {
    this.#waiting.delete(onFree)
  }

  #notifyWaiting(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const onFree of waiting) onFree()
  }
}
