import { statSync } from 'node:fs'
import Database from 'better-sqlite3'
import { elsewhereBit, isElsewhere } from '../../storage/sqlite/conversation-index/list-flags.ts'
import type { Segment } from '../../storage/sqlite/conversation-index/indexed-session.ts'

export interface OwnChange {
  readonly id: string
  /** Its number: they only grow. */
  readonly change: number
  /** Null when it is gone, or its conversation has nothing to do with Hermes any more. */
  readonly segment: Segment | null
}

interface Row extends Omit<Segment, 'facet'> {
  readonly change: number
  readonly facet: number | null
  readonly conversation: number | null
}

/** The sessions kept here that continue one of Hermes', as the profile's own database tells of them. */
export class OwnSegments {
  readonly #path: string
  readonly #prefix: string
  #db: Database.Database | null = null
  #inode: string | null = null

  /** `prefix`: what the profile's database puts before the ids of Hermes' sessions. */
  constructor(path: string, prefix: string) {
    this.#path = path
    this.#prefix = prefix
  }

  /** What tells the file from another one; null when there is none. */
  get inode(): string | null {
    const stats = statSync(this.#path, { bigint: true, throwIfNoEntry: false })
    return stats ? `${stats.dev}:${stats.ino}` : null
  }

  /** Up to `limit` changes behind a number, in order. None when the file cannot be read: they are there later, too. */
  changes(after: number, limit: number): OwnChange[] {
    try {
      return this.#read(after, limit)
    } catch {
      this.close()
      return []
    }
  }

  /** The number of the newest change. */
  newest(): number {
    try {
      return this.#open()?.prepare<[], { n: number | null }>('SELECT max(change) AS n FROM abroad').get()?.n ?? 0
    } catch {
      this.close()
      return 0
    }
  }

  close(): void {
    this.#db?.close()
    this.#db = null
  }

  #read(after: number, limit: number): OwnChange[] {
    const rows = this.#open()
      ?.prepare<[number, number], Row>(
        `SELECT abroad.change, segments.*, abroad.id, conversations.facet AS conversation FROM abroad
         LEFT JOIN segments ON segments.id = abroad.id
         LEFT JOIN conversations ON conversations.root_id = segments.root_id
         WHERE abroad.change > ? ORDER BY abroad.change LIMIT ?`,
      )
      .all(after, limit)
    return (rows ?? []).map((row) => ({ id: row.id, change: row.change, segment: this.#segment(row) }))
  }

  #segment({ id, can_be_continued, started_at, message_at, activity_at, ...row }: Row): Segment | null {
    if (row.facet === null || !isElsewhere(row.conversation ?? 0)) return null
    const continues = row.continues?.startsWith(this.#prefix) ? row.continues.slice(this.#prefix.length) : row.continues
    const facet = row.facet | elsewhereBit
    return { id, continues, can_be_continued, started_at, message_at, activity_at, facet }
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
