import type Database from 'better-sqlite3'
import { diffConversations, listingOfSource } from '../../storage/sqlite/conversation-index/conversation-changes.ts'
import { crossOriginFlag, isCrossOrigin } from '../../storage/sqlite/conversation-index/list-flags.ts'
import {
  type IndexUpdateResult,
  type IndexUpdate,
  ConversationIndexer,
} from '../../storage/sqlite/conversation-index/conversation-indexer.ts'
import { ConversationIndexReader } from '../../storage/sqlite/conversation-index/conversation-index-reader.ts'
import { ConversationIndexTables } from '../../storage/sqlite/conversation-index/conversation-index-tables.ts'
import { StatementCache } from '../../storage/sqlite/database/statement-cache.ts'
import { openIndexDatabase } from './index-database.ts'
import { isJsonObject, parseJson } from '../../lib/json.ts'
import type { ConversationChange } from '../../storage/conversation-reader.ts'

/** A row of Hermes' sessions as it was last looked at. */
export interface RowDigest {
  readonly rowid: number
  readonly sessionId: string | null
  /** A digest of what it said. */
  readonly digest: string
}

/** How far the index has followed what it is made of. */
export interface SyncProgress {
  /** What tells the state.db, and the way it is read, from others. */
  readonly fileDigest: string | null
  /** All of its sessions were looked at. */
  readonly isComplete: boolean
  readonly lastMessageRowid: number
  /** What tells the profile's own database from others, and the last of its changes that was taken in. */
  readonly own: string | null
  readonly lastChange: number
}

export interface HermesIndexUpdate extends IndexUpdate {
  readonly rowDigests?: readonly RowDigest[]
  /** Rowids of sessions that are no longer there. */
  readonly removedRowids?: readonly number[]
  readonly progress?: Partial<SyncProgress>
}

/** What has befallen the index itself, not the file that it is about. */
export class IndexCorruptError extends Error {
  override readonly name = 'IndexCorruptError'

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

interface IndexConnection {
  readonly db: Database.Database
  readonly statements: StatementCache
  readonly tables: ConversationIndexTables
  readonly indexer: ConversationIndexer
  readonly reader: ConversationIndexReader
}

const initialProgress: SyncProgress = {
  fileDigest: null,
  isComplete: false,
  lastMessageRowid: 0,
  own: null,
  lastChange: 0,
}

/**
 * The database of an index of Hermes' sessions and of those kept here that continue them; elsewhere is what is kept here.
 * Every method throws an `IndexFault` when it cannot be read or written; `anew` helps then.
 */
export class IndexStore {
  readonly #path: string | null
  #connection: IndexConnection
  #progress: SyncProgress

  /** `path`: where it is kept; null: in memory. */
  constructor(path: string | null) {
    this.#path = path
    this.#connection = createConnection(openIndexDatabase(path))
    this.#progress = initialProgress
    try {
      this.#progress = this.#loadProgress()
    } catch {
      this.reset()
    }
  }

  get progress(): SyncProgress {
    return this.#progress
  }

  /** Throws away what is there, and where it lies too when it is to be kept in memory from now on. */
  reset({ inMemory = false } = {}): void {
    this.#connection.db.close()
    this.#connection = createConnection(openIndexDatabase(inMemory ? null : this.#path, { fresh: true }))
    this.#progress = initialProgress
  }

  read<T>(work: (lists: ConversationIndexReader) => T): T {
    return wrapIndexErrors(() => work(this.#connection.reader))
  }

  /** Rows as they were last looked at, behind a rowid and up to another, in order. */
  findRowDigests(afterRowid: number, lastRowid: number): RowDigest[] {
    return wrapIndexErrors(() =>
      this.#connection.statements
        .prepare<[number, number], RowDigest>(
          'SELECT rowid, session_id AS sessionId, digest FROM row_digests WHERE rowid > ? AND rowid <= ? ORDER BY rowid',
        )
        .all(afterRowid, lastRowid),
    )
  }

  /** The greatest rowid that was seen. */
  findMaxRowid(): number {
    return wrapIndexErrors(
      () =>
        this.#connection.statements
          .prepare<[], { rowid: number | null }>('SELECT max(rowid) AS rowid FROM row_digests')
          .get()?.rowid ?? 0,
    )
  }

  /** Whether a session is one of those that are kept here. */
  isSegueSession(id: string): boolean {
    return wrapIndexErrors(() => isCrossOrigin(this.#connection.tables.findSession(id)?.flags ?? 0))
  }

  /** All sessions that are kept here. */
  listSegueSessionIds(): string[] {
    return wrapIndexErrors(() =>
      this.#connection.statements
        .prepare<[number], { id: string }>('SELECT id FROM conversation_sessions WHERE flags >= ?')
        .all(crossOriginFlag)
        .map(({ id }) => id),
    )
  }

  /** All of it or nothing. */
  save({ rowDigests = [], removedRowids = [], progress, ...update }: HermesIndexUpdate): IndexUpdateResult {
    const { db, statements, indexer } = this.#connection
    const next = { ...this.#progress, ...progress }
    const applied = wrapIndexErrors(() =>
      db.transaction(() => {
        const upsertDigest = statements.prepare<[RowDigest]>(
          'INSERT OR REPLACE INTO row_digests (rowid, session_id, digest) VALUES (:rowid, :sessionId, :digest)',
        )
        const deleteDigest = statements.prepare<[number]>('DELETE FROM row_digests WHERE rowid = ?')
        for (const rowid of removedRowids) deleteDigest.run(rowid)
        for (const row of rowDigests) upsertDigest.run(row)
        if (progress) statements.prepare<[string]>('UPDATE progress SET body = ?').run(JSON.stringify(next))
        return indexer.apply(update)
      })(),
    )
    this.#progress = next
    return applied
  }

  /** The conversations that were changed by it, and by what was changed in these sessions. */
  listChangedConversations({ conversations }: IndexUpdateResult, sessionIds: readonly string[]): ConversationChange[] {
    return wrapIndexErrors(() =>
      diffConversations(this.#connection.tables, { conversations, sessionIds }, listingOfSource),
    )
  }

  #loadProgress(): SyncProgress {
    const row = this.#connection.statements.prepare<[], { body: string }>('SELECT body FROM progress').get()
    return parseProgress(row?.body ?? '')
  }
}

function createConnection(db: Database.Database): IndexConnection {
  const statements = new StatementCache(db)
  const indexer = new ConversationIndexer(statements, (_, tip) => isCrossOrigin(tip.flags))
  return {
    db,
    statements,
    tables: new ConversationIndexTables(statements),
    indexer,
    reader: new ConversationIndexReader(statements),
  }
}

function wrapIndexErrors<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new IndexCorruptError(error)
  }
}

/** Told apart by hand: zod would be half of what the start of a thread costs. */
function parseProgress(body: string): SyncProgress {
  const stored = parseJson(body)
  if (!isJsonObject(stored)) throw new TypeError('The progress of the index is no JSON object')
  const { fileDigest, isComplete, lastMessageRowid, own, lastChange } = { ...initialProgress, ...stored }
  if (
    (fileDigest === null || typeof fileDigest === 'string') &&
    typeof isComplete === 'boolean' &&
    typeof lastMessageRowid === 'number' &&
    (own === null || typeof own === 'string') &&
    typeof lastChange === 'number'
  ) {
    return { fileDigest, isComplete, lastMessageRowid, own, lastChange }
  }
  throw new TypeError('The progress of the index has a value of another type')
}
