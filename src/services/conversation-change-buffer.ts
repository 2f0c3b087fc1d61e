import { Notifier } from '../lib/notifier.ts'
import type { ConversationChange } from '../storage/session-reader.ts'

/** The newest changes that are kept for readers who have not seen them. */
const capacity = 10_000

/** Something that has changed in a list of conversations; null for `conversation` where any may have. */
export interface NumberedChange {
  /** Its number: they only grow. */
  readonly changeSeq: number
  readonly conversation: ConversationChange | null
}

/**
 * What has changed in the conversations of a profile, of either origin, numbered. Each reader keeps a cursor of its own;
 * nothing is buffered for it, and the newest changes alone are kept.
 */
export class ConversationChangeBuffer {
  /** Rings when there is more. */
  readonly notifier = new Notifier()
  #buffered: NumberedChange[] = []
  #latestSeq = 0
  #pendingNotification: NodeJS.Immediate | null = null

  /** The number of the newest change. */
  get latestSeq(): number {
    return this.#latestSeq
  }

  /** null: any may have changed. Called in the midst of a commit: readers are woken after all that belongs to it. */
  add(changed: readonly ConversationChange[] | null): void {
    for (const conversation of changed ?? [null]) this.#buffered.push({ changeSeq: ++this.#latestSeq, conversation })
    if (this.#buffered.length > 2 * capacity) this.#buffered = this.#buffered.slice(-capacity)
    this.#pendingNotification ??= setImmediate(() => {
      this.#pendingNotification = null
      this.notifier.notify()
    })
  }

  /** Up to `limit` changes behind a number; null when there are more than are kept. */
  readAfter(seq: number, limit: number): readonly NumberedChange[] | null {
    const missedCount = this.#latestSeq - seq
    if (missedCount > capacity) return null
    const start = this.#buffered.length - missedCount
    return this.#buffered.slice(start, start + limit)
  }

  close(): void {
    if (this.#pendingNotification) clearImmediate(this.#pendingNotification)
    this.notifier.close()
  }
}
