import { Notifier } from '../lib/async/notifier.ts'
import type { ConversationChange } from '../storage/sessions/conversation-reader.ts'

/** How many of the newest changes can be read. */
const capacity = 10_000

export interface NumberedConversationChange {
  /** Ascending, without gaps. */
  readonly changeSeq: number
  /** Null if any conversation may have changed. */
  readonly conversation: ConversationChange | null
}

/**
 * The newest changes of a profile's conversations, from Segue and from Hermes, numbered in order of arrival. Readers have
 * cursors, so memory does not depend on their number.
 */
export class ConversationChangeBuffer {
  /** Notifies when there are new changes. */
  readonly notifier = new Notifier()
  #buffered: NumberedConversationChange[] = []
  #latestSeq = 0
  #pendingNotification: NodeJS.Immediate | null = null

  get latestSeq(): number {
    return this.#latestSeq
  }

  /** Adds changes; null if any conversation may have changed. May be called within a commit, so it notifies later. */
  add(changes: readonly ConversationChange[] | null): void {
    for (const conversation of changes ?? [null]) this.#buffered.push({ changeSeq: ++this.#latestSeq, conversation })
    if (this.#buffered.length > 2 * capacity) this.#buffered = this.#buffered.slice(-capacity)
    this.#pendingNotification ??= setImmediate(() => {
      this.#pendingNotification = null
      this.notifier.notify()
    })
  }

  /** Returns up to `limit` changes after `seq`. Returns null if some of them are no longer available. */
  readAfter(seq: number, limit: number): readonly NumberedConversationChange[] | null {
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
