import { createHermesRowComparisonLoader, readHermesMessageOutlines } from './read-hermes-message-outlines.ts'
import { selectVisibleHermesMessages } from './select-hermes-messages.ts'
import type { HermesMessageRowIds } from './message-outline-row.ts'
import type { StateDatabaseConnection } from '../state/state-database.ts'

const maxEntries = 100_000 // about ten megabytes

/**
 * The visible messages of each session. Finding them takes all rows of the session, so they are cached until the file
 * changes: paging through a long session reads its rows once.
 */
export class VisibleHermesMessageCache {
  readonly #entriesBySession = new Map<string, readonly HermesMessageRowIds[]>()
  #entryCount = 0
  #file: StateDatabaseConnection | null = null
  #dataVersion: unknown = null

  /** The messages of each session that has any, by position. Call it in a transaction. */
  get(file: StateDatabaseConnection, sessionIds: readonly string[]): Map<string, readonly HermesMessageRowIds[]> {
    const dataVersion = file.db.pragma('data_version', { simple: true })
    if (file !== this.#file || dataVersion !== this.#dataVersion) this.#clear()
    this.#file = file
    this.#dataVersion = dataVersion
    const visible = new Map<string, readonly HermesMessageRowIds[]>()
    for (const id of sessionIds) {
      const entries = this.#entriesBySession.get(id)
      if (entries) visible.set(id, entries)
    }
    const missing = sessionIds.filter((id) => !visible.has(id))
    if (missing.length === 0) return visible
    for (const [id, rows] of readHermesMessageOutlines(file, missing)) {
      const entries = selectVisibleHermesMessages(rows, createHermesRowComparisonLoader(file))
      visible.set(id, entries)
      this.#store(id, entries)
    }
    return visible
  }

  #store(id: string, entries: readonly HermesMessageRowIds[]): void {
    if (this.#entryCount + entries.length > maxEntries) this.#clear()
    this.#entriesBySession.set(id, entries)
    this.#entryCount += entries.length
  }

  #clear(): void {
    this.#entriesBySession.clear()
    this.#entryCount = 0
  }
}
