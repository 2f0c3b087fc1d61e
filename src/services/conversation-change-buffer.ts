import { Bell } from '../lib/notifier.ts'
import type { ChangedConversation } from '../storage/session-reader.ts'

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
  #ringing: NodeJS.Immediate | null = null

  /** The number of the newest change. */
  get newest(): number {
    return this.#newest
  }

  /** null: any may have changed. Called in the midst of a commit: readers are woken after all that belongs to it. */
  add(changed: readonly ChangedConversation[] | null): void {
    for (const conversation of changed ?? [null]) this.#kept.push({ change: ++this.#newest, conversation })
    if (this.#kept.length > 2 * mostKept) this.#kept = this.#kept.slice(-mostKept)
    this.#ringing ??= setImmediate(() => {
      this.#ringing = null
      this.bell.ring()
    })
  }

  /** Up to `limit` changes behind a number; null when there are more than are kept. */
  after(number: number, limit: number): readonly ConversationsChange[] | null {
    const behind = this.#newest - number
    if (behind > mostKept) return null
    const start = this.#kept.length - behind
    return this.#kept.slice(start, start + limit)
  }

  close(): void {
    if (this.#ringing) clearImmediate(this.#ringing)
    this.bell.close()
  }
}
