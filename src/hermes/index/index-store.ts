import type Database from 'better-sqlite3'
import type { ChangedConversation } from '../../storage/session-reader.ts'
import { changedConversations, listedHere } from '../../storage/sqlite/conversation-index/conversation-changes.ts'
import { elsewhereBit, isElsewhere } from '../../storage/sqlite/conversation-index/list-flags.ts'
import {
  type Applied,
  type SegmentChanges,
  SegmentIndex,
} from '../../storage/sqlite/conversation-index/conversation-indexer.ts'
import { SegmentLists } from '../../storage/sqlite/conversation-index/conversation-index-reader.ts'
import { SegmentRows } from '../../storage/sqlite/conversation-index/conversation-index-tables.ts'
import { Statements } from '../../storage/sqlite/database/statement-cache.ts'
import { openIndexFile } from './index-database.ts'
import { isObject, parseJson } from '../../lib/json.ts'

/** A row of Hermes' sessions as it was last looked at. */
export interface SeenRow {
  readonly row: number
  readonly id: string | null
  /** A digest of what it said. */
  readonly print: string
}

/** How far the index has followed what it is made of. */
export interface Progress {
  /** What tells the state.db, and the way it is read, from others. */
  readonly file: string | null
  /** All of its sessions were looked at. */
  readonly whole: boolean
  readonly lastMessage: number
  /** What tells the profile's own database from others, and the last of its changes that was taken in. */
  readonly own: string | null
  readonly lastChange: number
}

export interface IndexChange extends SegmentChanges {
  readonly seen?: readonly SeenRow[]
  /** Rowids of sessions that are no longer there. */
  readonly gone?: readonly number[]
  readonly progress?: Partial<Progress>
}

/** What has befallen the index itself, not the file that it is about. */
export class IndexFault extends Error {
  override readonly name = 'IndexFault'

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

interface Opened {
  readonly db: Database.Database
  readonly statements: Statements
  readonly rows: SegmentRows
  readonly index: SegmentIndex
  readonly lists: SegmentLists
}

const nothing: Progress = { file: null, whole: false, lastMessage: 0, own: null, lastChange: 0 }

/**
 * The database of an index of Hermes' sessions and of those kept here that continue them; elsewhere is what is kept here.
 * Every method throws an `IndexFault` when it cannot be read or written; `anew` helps then.
 */
export class IndexStore {
  readonly #path: string | null
  #opened: Opened
  #progress: Progress

  /** `path`: where it is kept; null: in memory. */
  constructor(path: string | null) {
    this.#path = path
    this.#opened = opened(openIndexFile(path))
    this.#progress = nothing
    try {
      this.#progress = this.#savedProgress()
    } catch {
      this.anew()
    }
  }

  get progress(): Progress {
    return this.#progress
  }

  /** Throws away what is there, and where it lies too when it is to be kept in memory from now on. */
  anew({ inMemory = false } = {}): void {
    this.#opened.db.close()
    this.#opened = opened(openIndexFile(inMemory ? null : this.#path, { fresh: true }))
    this.#progress = nothing
  }

  read<T>(work: (lists: SegmentLists) => T): T {
    return guarded(() => work(this.#opened.lists))
  }

  /** Rows as they were last looked at, behind a rowid and up to another, in order. */
  seen(after: number, last: number): SeenRow[] {
    return guarded(() =>
      this.#opened.statements
        .prepare<[number, number], SeenRow>('SELECT row, id, print FROM seen WHERE row > ? AND row <= ? ORDER BY row')
        .all(after, last),
    )
  }

  /** The greatest rowid that was seen. */
  lastSeen(): number {
    return guarded(
      () =>
        this.#opened.statements.prepare<[], { row: number | null }>('SELECT max(row) AS row FROM seen').get()?.row ?? 0,
    )
  }

  /** Whether a session is one of those that are kept here. */
  isOwn(id: string): boolean {
    return guarded(() => isElsewhere(this.#opened.rows.segment(id)?.facet ?? 0))
  }

  /** All sessions that are kept here. */
  ownIds(): string[] {
    return guarded(() =>
      this.#opened.statements
        .prepare<[number], { id: string }>('SELECT id FROM segments WHERE facet >= ?')
        .all(elsewhereBit)
        .map(({ id }) => id),
    )
  }

  /** All of it or nothing. */
  save({ seen = [], gone = [], progress, ...segments }: IndexChange): Applied {
    const { db, statements, index } = this.#opened
    const next = { ...this.#progress, ...progress }
    const applied = guarded(() =>
      db.transaction(() => {
        const put = statements.prepare<[SeenRow]>(
          'INSERT OR REPLACE INTO seen (row, id, print) VALUES (:row, :id, :print)',
        )
        const remove = statements.prepare<[number]>('DELETE FROM seen WHERE row = ?')
        for (const row of gone) remove.run(row)
        for (const row of seen) put.run(row)
        if (progress) statements.prepare<[string]>('UPDATE progress SET body = ?').run(JSON.stringify(next))
        return index.apply(segments)
      })(),
    )
    this.#progress = next
    return applied
  }

  /** The conversations that were changed by it, and by what was changed in these sessions. */
  changed({ conversations }: Applied, sessionIds: readonly string[]): ChangedConversation[] {
    return guarded(() => changedConversations(this.#opened.rows, { conversations, sessionIds }, listedHere))
  }

  #savedProgress(): Progress {
    const row = this.#opened.statements.prepare<[], { body: string }>('SELECT body FROM progress').get()
    return progressFrom(row?.body ?? '')
  }
}

function opened(db: Database.Database): Opened {
  const statements = new Statements(db)
  const index = new SegmentIndex(statements, (_, tip) => isElsewhere(tip.facet))
  return { db, statements, rows: new SegmentRows(statements), index, lists: new SegmentLists(statements) }
}

function guarded<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new IndexFault(error)
  }
}

/** Told apart by hand: zod would be half of what the start of a thread costs. */
function progressFrom(body: string): Progress {
  const kept = parseJson(body)
  if (!isObject(kept)) throw new TypeError('The progress of the index is no JSON object')
  const { file, whole, lastMessage, own, lastChange } = { ...nothing, ...kept }
  if (
    (file === null || typeof file === 'string') &&
    typeof whole === 'boolean' &&
    typeof lastMessage === 'number' &&
    (own === null || typeof own === 'string') &&
    typeof lastChange === 'number'
  ) {
    return { file, whole, lastMessage, own, lastChange }
  }
  throw new TypeError('The progress of the index has a value of another type')
}
