import { readFileIdentity } from '../../../lib/file-identity.ts'
import { readLatestChangeSeq } from '../database/change-sequences.ts'
import type { SqlConnection } from '../database/statement-cache.ts'
import type { IndexedSession } from './indexed-session.ts'
import { isCrossOrigin } from './list-flags.ts'

/** A session of Segue whose conversation is in both sources now, or was. */
export interface CrossOriginChange {
  readonly id: string
  /** Grows with every change of any such session. */
  readonly changeSeq: number
  /** The session as it is now; null if it is deleted or its conversation is in Segue alone. */
  readonly session: IndexedSession | null
}

/**
 * Segue's sessions that may continue sessions of Hermes, as a log of changes. A reader keeps a cursor: the identity of the
 * database and the `changeSeq` that it has read up to.
 */
export interface CrossOriginFeed {
  /** Tells this database from another one in its place, whose numbers mean something else. Null before the first write. */
  readonly databaseId: string | null
  /** The `changeSeq` of the newest change; 0 without one. */
  readonly latestChangeSeq: number
  /** Up to `limit` changes after a `changeSeq`, in order. Each session is in the log once, with its newest change. */
  readChanges(after: number, limit: number): CrossOriginChange[]
  /** Calls the listener after each commit that has added changes. */
  onChanges(listener: () => void): void
}

type ChangeRow = { [Column in keyof IndexedSession]: IndexedSession[Column] | null } & {
  readonly change: number
  readonly changed_id: string
  readonly conversation_flags: number | null
}

/** What the feed needs of a profile's database. */
export interface CrossOriginDatabase extends SqlConnection {
  readonly path: string
  onCrossOriginChanges(listener: () => void): void
}

/** Reads the feed from the table that ConversationIndexMaintainer writes. */
export class SqliteCrossOriginFeed implements CrossOriginFeed {
  readonly #db: CrossOriginDatabase

  constructor(db: CrossOriginDatabase) {
    this.#db = db
  }

  get databaseId(): string | null {
    return readFileIdentity(this.#db.path)
  }

  get latestChangeSeq(): number {
    return readLatestChangeSeq(this.#db, 'cross_origin')
  }

  readChanges(after: number, limit: number): CrossOriginChange[] {
    return this.#db
      .prepare<[number, number], ChangeRow>(
        `SELECT changes.change, changes.id AS changed_id, sessions.*, conversations.flags AS conversation_flags
         FROM cross_origin_changes AS changes
         LEFT JOIN conversation_sessions AS sessions ON sessions.id = changes.id
         LEFT JOIN conversations ON conversations.root_id = sessions.root_id
         WHERE changes.change > ? ORDER BY changes.change LIMIT ?`,
      )
      .all(after, limit)
      .map((row) => ({ id: row.changed_id, changeSeq: row.change, session: toIndexedSession(row) }))
  }

  onChanges(listener: () => void): void {
    this.#db.onCrossOriginChanges(listener)
  }
}

function toIndexedSession(row: ChangeRow): IndexedSession | null {
  const { id, continues, can_be_continued, started_at, message_at, activity_at, flags, conversation_flags } = row
  if (id === null || can_be_continued === null || started_at === null || activity_at === null || flags === null) {
    return null
  }
  if (!isCrossOrigin(conversation_flags ?? 0)) return null
  return { id, continues, can_be_continued, started_at, message_at, activity_at, flags }
}
