import type { ConversationSettingsRow } from '../sessions/conversation-settings.ts'

/** What an update of the conversation index has found so far. */
export class ConversationIndexUpdateState {
  /** Ids of the sessions whose row or position has changed. */
  readonly changedSessionIds = new Set<string>()
  /** The conversations to refresh, with the number of sessions that each has gained. */
  readonly countDeltas = new Map<string, number>()
  /** Of each conversation, the sessions that it has gained, and those whose settings have changed. */
  readonly joinedIds = new Map<string, Set<string>>()
  /** Of each conversation, the sessions that it has lost: they belong to another one now, or are deleted. */
  readonly leftIds = new Map<string, Set<string>>()
  /** Settings that sessions have taken over from their conversations. */
  readonly inheritedSettings: ConversationSettingsRow[] = []

  addSession(rootId: string, id: string): void {
    this.#addToCount(rootId, 1)
    this.markJoined(rootId, id)
  }

  removeSession(rootId: string, id: string): void {
    this.#addToCount(rootId, -1)
    this.joinedIds.get(rootId)?.delete(id)
    const leftIds = this.leftIds.get(rootId) ?? new Set()
    this.leftIds.set(rootId, leftIds.add(id))
  }

  markJoined(rootId: string, id: string): void {
    const joinedIds = this.joinedIds.get(rootId) ?? new Set()
    this.joinedIds.set(rootId, joinedIds.add(id))
  }

  markForRefresh(rootId: string): void {
    this.#addToCount(rootId, 0)
  }

  #addToCount(rootId: string, count: number): void {
    this.countDeltas.set(rootId, (this.countDeltas.get(rootId) ?? 0) + count)
  }
}
