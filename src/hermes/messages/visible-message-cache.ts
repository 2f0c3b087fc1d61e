import { readFingerprints, readOutlines } from './read-message-rows.ts'
import { shownMessages } from './message-outline.ts'
import type { Entry } from './message-outline.ts'
import type { OpenFile } from '../state/state-database.ts'

const capacity = 100_000 // entries, some ten megabytes

/**
 * Which messages each session shows. To tell, all of its rows are looked at, so the answers are kept for as long as
 * nothing in the file changes: a walk through a long session is not to do it for each page.
 */
export class ShownMessages {
  readonly #kept = new Map<string, readonly Entry[]>()
  #size = 0
  #file: OpenFile | null = null
  #dataVersion: unknown = null

  /** For each of these sessions that has any, its messages by position. To be called inside of a transaction. */
  of(file: OpenFile, sessionIds: readonly string[]): Map<string, readonly Entry[]> {
    const dataVersion = file.db.pragma('data_version', { simple: true })
    if (file !== this.#file || dataVersion !== this.#dataVersion) this.#clear()
    this.#file = file
    this.#dataVersion = dataVersion
    const shown = new Map<string, readonly Entry[]>()
    for (const id of sessionIds) {
      const entries = this.#kept.get(id)
      if (entries) shown.set(id, entries)
    }
    const missing = sessionIds.filter((id) => !shown.has(id))
    if (missing.length === 0) return shown
    for (const [id, rows] of readOutlines(file, missing)) {
      const entries = shownMessages(rows, (ids) => readFingerprints(file, ids))
      shown.set(id, entries)
      this.#keep(id, entries)
    }
    return shown
  }

  #keep(id: string, entries: readonly Entry[]): void {
    if (this.#size + entries.length > capacity) this.#clear()
    this.#kept.set(id, entries)
    this.#size += entries.length
  }

  #clear(): void {
    this.#kept.clear()
    this.#size = 0
  }
}
