import type Database from 'better-sqlite3'
import type { ConversationChange } from '../../storage/sessions/conversation-reader.ts'
import {
  findConversationListChanges,
  hermesListingRule,
} from '../../storage/conversation-index/conversation-changes.ts'
import { ConversationIndexReader } from '../../storage/sqlite/conversation-index/reading/conversation-index-reader.ts'
import { ConversationIndexStore } from '../../storage/sqlite/conversation-index/conversation-index-store.ts'
import {
  ConversationIndexer,
  type ConversationIndexUpdate,
  type ConversationIndexUpdateResult,
} from '../../storage/conversation-index/conversation-indexer.ts'
import {
  conversationFlagsMask,
  isSegueSession,
  segueSessionFlag,
} from '../../storage/conversation-index/conversation-index-flags.ts'
import type { ConversationIndexEntry } from '../../storage/sessions/cross-origin-continuation-feed.ts'
import {
  areConversationSettingsEqual,
  type ConversationSettingsRow,
} from '../../storage/sessions/conversation-settings.ts'
import { ConversationSettingsTable } from '../../storage/sqlite/conversation-settings/conversation-settings-table.ts'
import { StatementCache } from '../../storage/sqlite/database/statement-cache.ts'
import {
  type HermesConversationIndexProgress,
  initialProgress,
  parseProgress,
} from './hermes-conversation-index-progress.ts'
import { openHermesConversationIndexDatabase } from './open-hermes-conversation-index-database.ts'

/** A row of Hermes' sessions as it was when it was last read. */
export interface HermesSessionRowDigest {
  readonly rowid: number
  readonly sessionId: string | null
  readonly digest: string
}

export interface HermesConversationIndexUpdate extends ConversationIndexUpdate {
  readonly rowDigests?: readonly HermesSessionRowDigest[]
  /** Rowids of sessions that no longer exist. */
  readonly removedRowids?: readonly number[]
  /** Settings from Segue's database. */
  readonly settings?: readonly ConversationSettingsRow[]
  /** Ids of sessions whose settings are forgotten. */
  readonly removedSettings?: readonly string[]
  /** Forgets all settings first. */
  readonly clearsSettings?: boolean
  readonly progress?: Partial<HermesConversationIndexProgress>
}

/** The index itself cannot be read or written. It says nothing about Hermes' file. */
export class HermesConversationIndexCorruptError extends Error {
  override readonly name = 'HermesConversationIndexCorruptError'

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

interface IndexConnection {
  readonly db: Database.Database
  readonly statements: StatementCache
  readonly tables: ConversationIndexStore
  readonly settingsTable: ConversationSettingsTable
  readonly indexer: ConversationIndexer
  readonly reader: ConversationIndexReader
}

/**
 * The database of the index. Here, a conversation crosses the origins if its tip is a session of Segue. Every method throws
 * HermesConversationIndexCorruptError if the database cannot be read or written; `reset` repairs that.
 */
export class HermesConversationIndexStore {
  readonly #path: string | null
  readonly #readMarksStart: number
  #connection: IndexConnection
  #progress: HermesConversationIndexProgress

  /**
   * @param path Null to keep the index in memory.
   * @param readMarksStart What is not newer counts as read in conversations without a read mark, in epoch milliseconds. An
   *   index of another value must be reset.
   */
  constructor(path: string | null, readMarksStart: number) {
    this.#path = path
    this.#readMarksStart = readMarksStart
    this.#connection = createConnection(openHermesConversationIndexDatabase(path), readMarksStart)
    this.#progress = initialProgress
    try {
      this.#progress = this.#loadProgress()
    } catch {
      this.reset()
    }
  }

  get progress(): HermesConversationIndexProgress {
    return this.#progress
  }

  /** Deletes the index and begins an empty one. `inMemory`: without a file from now on. */
  reset({ inMemory = false }: { readonly inMemory?: boolean } = {}): void {
    this.#connection.db.close()
    this.#connection = createConnection(
      openHermesConversationIndexDatabase(inMemory ? null : this.#path, { discardExisting: true }),
      this.#readMarksStart,
    )
    this.#progress = initialProgress
  }

  read<T>(work: (index: ConversationIndexReader) => T): T {
    return wrapErrors(() => work(this.#connection.reader))
  }

  /** The digests of the rows after a rowid, up to and with another one, in order. */
  findRowDigests(afterRowid: number, lastRowid: number): HermesSessionRowDigest[] {
    return wrapErrors(() =>
      this.#connection.statements
        .prepare<[number, number], HermesSessionRowDigest>(
          `SELECT rowid, session_id AS sessionId, digest FROM row_digests
           WHERE rowid > ? AND rowid <= ? ORDER BY rowid`,
        )
        .all(afterRowid, lastRowid),
    )
  }

  /** The greatest rowid that has a digest; 0 without one. */
  findMaxRowid(): number {
    return wrapErrors(
      () =>
        this.#connection.statements
          .prepare<[], { max: number | null }>('SELECT max(rowid) AS max FROM row_digests')
          .get()?.max ?? 0,
    )
  }

  isSegueSession(id: string): boolean {
    return wrapErrors(() => isSegueSession(this.#connection.tables.findSession(id)?.flags ?? 0))
  }

  /**
   * When the newest message of a session came in, in epoch milliseconds: at the time that it says, but not after it was first
   * seen here, so that a read mark of now covers it.
   */
  findArrivalTime(sessionId: string, messageAt: number): number {
    const known = wrapErrors(() => this.#connection.tables.findSession(sessionId))
    if (known?.message_at === messageAt && known.answered_at !== null) return known.answered_at
    return Math.min(messageAt, Date.now())
  }

  /** Ids of sessions after an id, in order. */
  listSessionIds(afterId: string, limit: number): string[] {
    return wrapErrors(() =>
      this.#connection.statements
        .prepare<[string, number], { id: string }>(
          'SELECT id FROM conversation_sessions WHERE id > ? ORDER BY id LIMIT ?',
        )
        .all(afterId, limit)
        .map(({ id }) => id),
    )
  }

  /** What is stored of a session, without what it has of its conversation. */
  findEntry(id: string): ConversationIndexEntry | null {
    const row = wrapErrors(() => this.#connection.tables.findSession(id))
    if (!row) return null
    const { root_id: _, depth: __, ...entry } = row
    return { ...entry, flags: entry.flags & ~conversationFlagsMask }
  }

  listSegueSessionIds(): string[] {
    return wrapErrors(() =>
      this.#connection.statements
        // The flag is the highest one, so that an index finds them.
        .prepare<[number], { id: string }>('SELECT id FROM conversation_sessions WHERE flags >= ?')
        .all(segueSessionFlag)
        .map(({ id }) => id),
    )
  }

  /** Saves the update in one transaction. */
  save({
    rowDigests = [],
    removedRowids = [],
    settings = [],
    removedSettings = [],
    clearsSettings = false,
    progress,
    ...update
  }: HermesConversationIndexUpdate): ConversationIndexUpdateResult {
    const { db, statements, settingsTable, indexer } = this.#connection
    const nextProgress = { ...this.#progress, ...progress }
    const result = wrapErrors(() =>
      db.transaction(() => {
        const upsertDigest = statements.prepare<[HermesSessionRowDigest]>(
          'INSERT OR REPLACE INTO row_digests (rowid, session_id, digest) VALUES (:rowid, :sessionId, :digest)',
        )
        const deleteDigest = statements.prepare<[number]>('DELETE FROM row_digests WHERE rowid = ?')
        for (const rowid of removedRowids) deleteDigest.run(rowid)
        for (const row of rowDigests) upsertDigest.run(row)
        if (progress) statements.prepare<[string]>('UPDATE progress SET body = ?').run(JSON.stringify(nextProgress))
        const clearedIds = clearsSettings ? settingsTable.clear() : []
        for (const id of removedSettings) settingsTable.delete(id)
        const changedIds = settings.flatMap((row) => (settingsTable.merge(row) ? row.session_id : []))
        const applied = indexer.apply({ ...update, changedSettings: [...clearedIds, ...changedIds] })
        if (clearsSettings) statements.prepare('DELETE FROM unconfirmed_settings').run()
        const addUnconfirmed = statements.prepare<[string]>(
          'INSERT INTO unconfirmed_settings VALUES (?) ON CONFLICT DO NOTHING',
        )
        for (const row of applied.inheritedSettings) addUnconfirmed.run(row.session_id)
        return applied
      })(),
    )
    this.#progress = nextProgress
    return result
  }

  /** Up to `limit` settings that sessions have inherited here and that Segue may not have stored. */
  listUnconfirmedSettings(limit: number): ConversationSettingsRow[] {
    return wrapErrors(() =>
      this.#connection.statements
        .prepare<[number], ConversationSettingsRow>(
          `SELECT settings.* FROM unconfirmed_settings
           JOIN conversation_settings AS settings USING (session_id) ORDER BY session_id LIMIT ?`,
        )
        .all(limit),
    )
  }

  /** Segue has stored these settings. Those of sessions that have inherited newer ones since are still unconfirmed. */
  confirmSettings(stored: readonly ConversationSettingsRow[]): void {
    const { db, statements, settingsTable } = this.#connection
    wrapErrors(() =>
      db.transaction(() => {
        const remove = statements.prepare<[string]>('DELETE FROM unconfirmed_settings WHERE session_id = ?')
        for (const row of stored) {
          const current = settingsTable.find(row.session_id)
          if (!current || areConversationSettingsEqual(current, row)) remove.run(row.session_id)
        }
      })(),
    )
  }

  /** The conversations that an update has changed, and those of sessions that have changed in the file. */
  listChangedConversations(
    { conversations }: ConversationIndexUpdateResult,
    sessionIds: readonly string[],
  ): ConversationChange[] {
    return wrapErrors(() =>
      findConversationListChanges(this.#connection.tables, { conversations, sessionIds }, hermesListingRule),
    )
  }

  #loadProgress(): HermesConversationIndexProgress {
    const row = this.#connection.statements.prepare<[], { body: string }>('SELECT body FROM progress').get()
    return parseProgress(row?.body ?? '')
  }
}

function createConnection(db: Database.Database, readMarksStart: number): IndexConnection {
  const statements = new StatementCache(db)
  const tables = new ConversationIndexStore(statements)
  const settingsTable = new ConversationSettingsTable(statements)
  return {
    db,
    statements,
    tables,
    settingsTable,
    indexer: new ConversationIndexer(tables, settingsTable, {
      detectCrossOrigin: (_, tip) => isSegueSession(tip.flags),
      // Whether a session is a fork shows only in its messages.
      canInheritSettings: ({ flags, message_at }) => isSegueSession(flags) || message_at !== null,
      loadReadMarksStart: () => readMarksStart,
    }),
    reader: new ConversationIndexReader(statements, { containsOtherOrigin: true, cache: null }),
  }
}

function wrapErrors<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new HermesConversationIndexCorruptError(error)
  }
}
