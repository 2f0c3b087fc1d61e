import type { StateDatabaseConnection } from '../state/state-database.ts'
import type { HermesConversationIndexSynchronizer } from './hermes-conversation-index-synchronizer.ts'

const minPauseMs = 500
const pauseFactor = 2 // the pause after a scan, as a multiple of its duration: a large file is not read all the time

/**
 * Scans all of Hermes' sessions for changes that leave no other trace. It works in small steps, and only after the file has
 * changed.
 */
export class HermesFullScan {
  readonly #synchronizer: HermesConversationIndexSynchronizer
  /** The rowid that the next step begins after; null between two scans. */
  #afterRowid: number | null = null
  #isRequested = true
  #notBefore = 0
  #durationMs = 0
  /** The index that the digests belong to. */
  #generation = 0
  /** The digest of each range of rows, by the rowid before it: of the last scan and of the current one. */
  #previousDigests = new Map<number, string>()
  #currentDigests = new Map<number, string>()

  constructor(synchronizer: HermesConversationIndexSynchronizer) {
    this.#synchronizer = synchronizer
  }

  /** Call it when the file has changed. */
  request(): void {
    this.#isRequested = true
  }

  /** Runs one step. Returns whether a scan is in progress. */
  scanNext(file: StateDatabaseConnection): boolean {
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
