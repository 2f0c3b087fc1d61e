import { Bell } from '../chat/bell.ts'
import type { ChangedConversation } from '../storage/session-source.ts'

/** The newest changes that are kept for readers who have not seen them. */
const mostKept = 10_000

/** Something that has changed in a list of conversations; null for `conversation` where any may have. */
export interface ConversationsChange {
  /** Its number: they only grow. */
  readonly change: number
  readonly conversation: ChangedConversation | null
}

/**
 * What has changed in the conversations of a profile, of either origin, numbered. Each reader keeps a cursor of its own;
 * nothing is buffered for it, and the newest changes alone are kept.
 */
export class ConversationChanges {
  /** Rings when there is more. */
  readonly bell = new Bell()
  #kept: ConversationsChange[] = []
  #newest = 0

  /** The number of the newest change. */
  get newest(): number {
    return this.#newest
  }

  /** null: any may have changed. */
  add(changed: readonly ChangedConversation[] | null): void {
    for (const conversation of changed ?? [null]) this.#kept.push({ change: ++this.#newest, conversation })
    if (this.#kept.length > 2 * mostKept) this.#kept = this.#kept.slice(-mostKept)
    this.bell.ring()
  }

  /** Up to `limit` changes behind a number; null when some of them are kept no more. */
  after(number: number, limit: number): readonly ConversationsChange[] | null {
    const start = number + 1 - (this.#newest + 1 - this.#kept.length)
    return start < 0 ? null : this.#kept.slice(start, start + limit)
  }

  close(): void {
    this.bell.close()
  }
}
