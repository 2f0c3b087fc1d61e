import type { IndexSynchronizer } from './index-synchronizer.ts'
import type { OpenStateDatabase } from '../state/state-database.ts'

const minPauseMs = 500 // milliseconds between two sweeps
const pauseFactor = 2 // how long a pause is, as a multiple of the sweep before it: a large file is not read without end

/** Looks through all of Hermes' sessions for changes that leave no other trace, in steps, for as long as there are any. */
export class FullScan {
  readonly #synchronizer: IndexSynchronizer
  /** The rowid behind which the next step begins; null between two sweeps. */
  #afterRowid: number | null = null
  #isRequested = true
  #notBefore = 0
  #durationMs = 0
  /** Which index it is: of another one nothing is known. */
  #generation = 0
  /** How the stretches of the last sweep looked, by the rowid before each, and those of this one. */
  #previousDigests = new Map<number, string>()
  #currentDigests = new Map<number, string>()

  constructor(synchronizer: IndexSynchronizer) {
    this.#synchronizer = synchronizer
  }

  /** The file has changed. */
  request(): void {
    this.#isRequested = true
  }

  /** One step; true while a sweep is under way. */
  scanNext(file: OpenStateDatabase): boolean {
    const startedAt = performance.now()
    if (this.#synchronizer.generation !== this.#generation) {
      this.#generation = this.#synchronizer.generation
      this.#previousDigests.clear()
      this.#afterRowid = null
      this.#isRequested = true
    }
    if (this.#afterRowid === null) {
      if (!this.#isRequested || startedAt < this.#notBefore) return false
      this.#isRequested = false
      this.#afterRowid = 0
      this.#durationMs = 0
      this.#currentDigests = new Map()
    }
    const { lastRowid, digest } = this.#synchronizer.scanRange(
      file,
      this.#afterRowid,
      this.#previousDigests.get(this.#afterRowid),
    )
    this.#currentDigests.set(this.#afterRowid, digest)
    this.#afterRowid = lastRowid
    this.#durationMs += performance.now() - startedAt
    if (lastRowid !== null) return true
    this.#previousDigests = this.#currentDigests
    this.#notBefore = performance.now() + Math.max(minPauseMs, pauseFactor * this.#durationMs)
    return false
  }
}
