import { readFingerprints, readOutlines } from './read-message-rows.ts'
import { visibleMessages, type MessageEntry } from './message-outline.ts'
import type { OpenStateDatabase } from '../state/state-database.ts'

const maxEntries = 100_000 // entries, some ten megabytes

/**
 * Which messages each session shows. To tell, all of its rows are looked at, so the answers are kept for as long as
 * nothing in the file changes: a walk through a long session is not to do it for each page.
 */
export class VisibleMessageCache {
  readonly #entriesBySession = new Map<string, readonly MessageEntry[]>()
  #entryCount = 0
  #file: OpenStateDatabase | null = null
  #dataVersion: unknown = null

  /** For each of these sessions that has any, its messages by position. To be called inside of a transaction. */
  get(file: OpenStateDatabase, sessionIds: readonly string[]): Map<string, readonly MessageEntry[]> {
    const dataVersion = file.db.pragma('data_version', { simple: true })
    if (file !== this.#file || dataVersion !== this.#dataVersion) this.#clear()
    this.#file = file
    this.#dataVersion = dataVersion
    const visible = new Map<string, readonly MessageEntry[]>()
    for (const id of sessionIds) {
      const entries = this.#entriesBySession.get(id)
      if (entries) visible.set(id, entries)
    }
    const missing = sessionIds.filter((id) => !visible.has(id))
    if (missing.length === 0) return visible
    for (const [id, rows] of readOutlines(file, missing)) {
      const entries = visibleMessages(rows, (ids) => readFingerprints(file, ids))
      visible.set(id, entries)
      this.#store(id, entries)
    }
    return visible
  }

  #store(id: string, entries: readonly MessageEntry[]): void {
    if (this.#entryCount + entries.length > maxEntries) this.#clear()
    this.#entriesBySession.set(id, entries)
    this.#entryCount += entries.length
  }

  #clear(): void {
    this.#entriesBySession.clear()
    this.#entryCount = 0
  }
}
