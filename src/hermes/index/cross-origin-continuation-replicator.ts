import type { CrossOriginContinuationFeed } from '../../storage/sessions/cross-origin-continuation-feed.ts'
import type { CrossOriginContinuationBatch, CrossOriginContinuationCursor } from './cross-origin-continuation-cursor.ts'

/** The index that follows the feed. It runs in the worker and stores the cursor together with the changes. */
export interface CrossOriginContinuationIndex {
  loadCrossOriginCursor(): Promise<CrossOriginContinuationCursor>
  /** Applies a batch that begins at the index's cursor, and no other one. Resolves to the cursor after it. */
  applyCrossOriginChanges(batch: CrossOriginContinuationBatch): Promise<CrossOriginContinuationCursor>
  /** Forgets all of Segue's sessions, to follow this database from its first change on. */
  resetCrossOriginSessions(databaseId: string | null): Promise<CrossOriginContinuationCursor>
}

const changesPerBatch = 500
const maxAttempts = 10 // an index that breaks again and again must not keep a list waiting for ever

/**
 * Pushes Segue's changes to Hermes' index. Each batch waits for the acknowledgement of the one before, so at most one is in
 * flight, however many there are. The acknowledged cursor is the index's own: after a restart of the worker, or with a new
 * index, the push continues from the cursor of the index.
 */
export class CrossOriginContinuationReplicator {
  readonly #feed: CrossOriginContinuationFeed
  readonly #index: CrossOriginContinuationIndex
  /** What the index has acknowledged; null if it has to be asked. */
  #cursor: CrossOriginContinuationCursor | null = null
  #resetCount = 0
  #current: Promise<void> = Promise.resolve()
  #next: Promise<void> | null = null

  constructor(feed: CrossOriginContinuationFeed, index: CrossOriginContinuationIndex) {
    this.#feed = feed
    this.#index = index
  }

  /** How often the index has lost changes that it had acknowledged. */
  get resetCount(): number {
    return this.#resetCount
  }

  /** Call it when the index has lost changes or the worker has exited. */
  invalidate(): void {
    this.#cursor = null
    this.#resetCount += 1
  }

  /** Resolves when the index has every change that was committed before the call. Rejects if the worker exits. */
  push(): Promise<void> {
    // A push in progress may have read the feed already: the caller waits for the one after it.
    this.#next ??= this.#current.then(() => {
      this.#next = null
      const run = this.#pushChanges()
      this.#current = run.catch(() => undefined)
      return run
    })
    return this.#next
  }

  async #pushChanges(): Promise<void> {
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const resetCount = this.#resetCount
      const cursor = await this.#pushOnce()
      if (resetCount !== this.#resetCount) continue
      this.#cursor = cursor
      return
    }
  }

  async #pushOnce(): Promise<CrossOriginContinuationCursor> {
    const { databaseId } = this.#feed
    let cursor = this.#cursor ?? (await this.#index.loadCrossOriginCursor())
    for (;;) {
      // A file that was restored from a backup keeps its identity, but its numbers begin again.
      if (cursor.databaseId !== databaseId || this.#feed.latestChangeSeq < cursor.changeSeq) {
        cursor = await this.#index.resetCrossOriginSessions(databaseId)
      }
      const changes = this.#feed.readChanges(cursor.changeSeq, changesPerBatch)
      if (changes.length === 0) return cursor
      cursor = await this.#index.applyCrossOriginChanges({ databaseId, after: cursor.changeSeq, changes })
    }
  }
}
