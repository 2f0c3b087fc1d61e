import { statSync } from 'node:fs'
import Database from 'better-sqlite3'
import { crossOriginFlag, isCrossOrigin } from '../../storage/sqlite/conversation-index/list-flags.ts'
import type { IndexedSession } from '../../storage/sqlite/conversation-index/indexed-session.ts'

export interface CrossOriginChange {
  readonly id: string
  /** Its number: they only grow. */
  readonly changeSeq: number
  /** Null when it is gone, or its conversation has nothing to do with Hermes any more. */
  readonly indexRow: IndexedSession | null
}

interface ChangeRow extends Omit<IndexedSession, 'flags'> {
  readonly change: number
  readonly flags: number | null
  readonly conversation: number | null
}

/** The sessions kept here that continue one of Hermes', as the profile's own database tells of them. */
export class CrossOriginFeed {
  readonly #path: string
  readonly #idNamespace: string
  #db: Database.Database | null = null
  #inode: string | null = null

  /** `prefix`: what the profile's database puts before the ids of Hermes' sessions. */
  constructor(path: string, idNamespace: string) {
    this.#path = path
    this.#idNamespace = idNamespace
  }

  /** What tells the file from another one; null when there is none. */
  get inode(): string | null {
    const stats = statSync(this.#path, { bigint: true, throwIfNoEntry: false })
    return stats ? `${stats.dev}:${stats.ino}` : null
  }

  /** Up to `limit` changes behind a number, in order. None when the file cannot be read: they are there later, too. */
  readChanges(after: number, limit: number): CrossOriginChange[] {
    try {
      return this.#queryChanges(after, limit)
    } catch {
      this.close()
      return []
    }
  }

  /** The number of the newest change. */
  latestChangeSeq(): number {
    try {
      return (
        this.#open()?.prepare<[], { n: number | null }>('SELECT max(change) AS n FROM cross_origin_changes').get()?.n ??
        0
      )
    } catch {
      this.close()
      return 0
    }
  }

  close(): void {
    this.#db?.close()
    this.#db = null
  }

  #queryChanges(after: number, limit: number): CrossOriginChange[] {
    const rows = this.#open()
      ?.prepare<[number, number], ChangeRow>(
        `SELECT cross_origin_changes.change, conversation_sessions.*, cross_origin_changes.id, conversations.flags AS conversation FROM cross_origin_changes
         LEFT JOIN conversation_sessions ON conversation_sessions.id = cross_origin_changes.id
         LEFT JOIN conversations ON conversations.root_id = conversation_sessions.root_id
         WHERE cross_origin_changes.change > ? ORDER BY cross_origin_changes.change LIMIT ?`,
      )
      .all(after, limit)
    return (rows ?? []).map((row) => ({ id: row.id, changeSeq: row.change, indexRow: this.#toIndexRow(row) }))
  }

  #toIndexRow({ id, can_be_continued, started_at, message_at, activity_at, ...row }: ChangeRow): IndexedSession | null {
    if (row.flags === null || !isCrossOrigin(row.conversation ?? 0)) return null
    const continues = row.continues?.startsWith(this.#idNamespace)
      ? row.continues.slice(this.#idNamespace.length)
      : row.continues
    const flags = row.flags | crossOriginFlag
    return { id, continues, can_be_continued, started_at, message_at, activity_at, flags }
  }

  #open(): Database.Database | null {
    const { inode } = this
    if (inode !== this.#inode) this.close()
    this.#inode = inode
    if (inode === null) return null
    if (this.#db) return this.#db
    this.#db = new Database(this.#path, { readonly: true, fileMustExist: true, timeout: 100 })
    this.#db.pragma('cache_size = -1024') // KiB
    return this.#db
  }
}
