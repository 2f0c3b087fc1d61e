import type { SqlConnection } from '../database/statement-cache.ts'
import { normalizeSearchText } from '../../../search/analyzer.ts'
import { toMessageText } from '../../../model/message-content/message-text.ts'
import { maxPassageLength } from '../../../search/passages.ts'
import { type MessageRow, parseStoredParts } from '../../rows/message-row.ts'
import { StorageError } from '../../errors.ts'
import { findSearchableTitles } from './searchable-titles.ts'

export type SearchIndexItemKind = 'message' | 'title'

interface QueuedItem {
  readonly kind: SearchIndexItemKind
  readonly id: string
  readonly is_long: 0 | 1
}

interface IndexEntry {
  /** Of the message, or of the session with the title. */
  readonly id: string
  /** Normalized. */
  readonly text: string
  /** Whether it is the title that a person gave to the conversation of the session. */
  readonly isGiven?: boolean
  /** Epoch milliseconds. */
  readonly at: number
}

type NumberedEntry = Pick<IndexEntry, 'id' | 'at'> & { readonly number: number }

const batchSize = 25
/** New entries are numbered upwards from here. Entries for what is older than the index are numbered downwards. */
const firstEntryNumber = 2 ** 40

/** Converts the number of an entry to its rowid in the FTS5 table, and back: the newest entry has the lowest rowid. */
export function invertSearchRowid(number: number): number {
  return 2 ** 41 - number
}

/**
 * The full-text index of messages and titles. System messages, reasoning and tool calls are not indexed. Triggers add whatever
 * is written to `search_queue`, so that no writer needs to know of the index. Call every method in a transaction.
 */
export class SearchIndex {
  readonly #db: SqlConnection
  #isDamaged = false
  /** Whether a commit was tried again because of damage. */
  #wasLeftOut = false

  constructor(db: SqlConnection) {
    this.#db = db
  }

  /**
   * Indexes what is queued, up to about 16,384 UTF-16 code units. Returns whether something is left: long messages, or more
   * than fits into one call.
   */
  indexPending(): boolean {
    const queued = this.#db
      .prepare<[number], QueuedItem>(
        'SELECT kind, id, is_long FROM search_queue WHERE is_long >= 0 ORDER BY is_long LIMIT ?',
      )
      .all(batchSize)
    const entries: { readonly kind: SearchIndexItemKind; readonly number: number; readonly text: string }[] = []
    let length = 0
    let hasMore = queued.length === batchSize
    for (const { kind, id, is_long: isLong } of queued) {
      if (isLong || length >= maxPassageLength) {
        hasMore = true
        break
      }
      if (kind === 'message') this.#deleteEntries(kind, id)
      for (const entry of kind === 'message' ? this.#loadMessageEntries(id) : this.#loadTitleEntries(id)) {
        if (entry.text === '') continue
        entries.push({ kind, number: this.#appendEntry(kind, entry, false), text: entry.text })
        length += entry.text.length
      }
      this.dequeue({ kind, id, isLong: false })
    }
    for (const { kind, number, text } of entries.reverse()) this.writeEntry(kind, number, text)
    return hasMore
  }

  /** As `indexPending`, unless the index is known to be damaged. */
  indexPendingUnlessDamaged(): boolean {
    return !this.#isDamaged && this.indexPending()
  }

  /**
   * Whether a commit that has failed may succeed without the index, which is left out of commits from now on: FTS5 finds damage
   * of its tables only at the commit. It may also break a constraint of its own tables then.
   *
   * @param isWorkDone Whether everything but the indexes was written before it failed.
   */
  leaveOutIfDamaged(error: unknown, isWorkDone: boolean): boolean {
    if (this.#wasLeftOut || !(error instanceof StorageError)) return false
    if (error.failure !== 'CORRUPT' && !(isWorkDone && error.failure === 'CONSTRAINT')) return false
    this.#isDamaged = true
    this.#wasLeftOut = true
    return true
  }

  /** A search has met damage: the index is left out of commits until it is rebuilt. */
  onDamaged(): void {
    this.#isDamaged = true
  }

  /** Whether it is left out of commits. */
  get isDamaged(): boolean {
    return this.#isDamaged
  }

  /** It is empty, and everything is indexed again. */
  onRebuilt(): void {
    this.#isDamaged = false
    this.#wasLeftOut = false
  }

  /** The id of the next long message in the queue; null if there is none. */
  findNextLongMessage(): string | null {
    const row = this.#db
      .prepare<[], { id: string }>("SELECT id FROM search_queue WHERE is_long = 1 AND kind = 'message' LIMIT 1")
      .get()
    return row?.id ?? null
  }

  dequeue({ kind, id, isLong }: Readonly<{ kind: SearchIndexItemKind; id: string; isLong: boolean }>): void {
    this.#db
      .prepare<[number, string, string]>('DELETE FROM search_queue WHERE is_long = ? AND kind = ? AND id = ?')
      .run(isLong ? 1 : 0, kind, id)
  }

  /** Creates the entries for the passages of a message and returns their numbers. Their texts are written by `writeEntry`. */
  reserveEntries(messageId: string, passageCount: number): number[] {
    this.#deleteEntries('message', messageId)
    const row = this.#db
      .prepare<[string], { id: string; at: number }>('SELECT id, created_at AS at FROM messages WHERE id = ?')
      .get(messageId)
    return row ? Array.from({ length: passageCount }, () => this.#appendEntry('message', row, passageCount > 1)) : []
  }

  /**
   * Writes the normalized text of an entry. Returns false if the message or session was deleted in the meantime. Write the
   * entries of one transaction in descending order: FTS5 flushes its buffer when a rowid is lower than the one before.
   */
  writeEntry(kind: SearchIndexItemKind, number: number, text: string): boolean {
    const entry = this.#db.prepare<[number]>(`SELECT number FROM ${kind}_entries WHERE number = ?`).get(number)
    if (!entry) return false
    this.#db
      .prepare<[number, string]>(`INSERT INTO ${kind}_index (rowid, text) VALUES (?, ?)`)
      .run(invertSearchRowid(number), text)
    return true
  }

  /** Indexes a batch of what is older than the index: titles first, then messages, newest first. Returns false at the end. */
  backfill(): boolean {
    const row = this.#db
      .prepare<[], { kind: SearchIndexItemKind; id: string }>(
        "SELECT kind, id FROM search_backfill WHERE kind IN ('title', 'message') ORDER BY kind DESC LIMIT 1",
      )
      .get()
    if (!row) return false
    const { kind, id } = row
    const older = kind === 'message' ? this.#listOlderMessages(id) : this.#listOlderTitles(id)
    const last = older.at(-1)
    if (last) {
      this.#db
        .prepare<[string, SearchIndexItemKind]>('UPDATE search_backfill SET id = ? WHERE kind = ?')
        .run(last.id, kind)
    } else {
      this.#db.prepare<[SearchIndexItemKind]>('DELETE FROM search_backfill WHERE kind = ?').run(kind)
    }
    const missing = older.filter((entry) => entry.text !== '' && !this.#isIndexedOrQueued(kind, entry.id))
    const numbered = missing.map((entry) => ({ number: this.#prependEntry(kind, entry), text: entry.text }))
    for (const { number, text } of numbered) this.writeEntry(kind, number, text)
    return true
  }

  #loadMessageEntries(id: string): IndexEntry[] {
    return this.#db.prepare<[string], MessageRow>('SELECT * FROM messages WHERE id = ?').all(id).map(toIndexEntry)
  }

  /** Those that are missing: triggers delete the entries of titles that were replaced. */
  #loadTitleEntries(id: string): IndexEntry[] {
    const existing = this.#db
      .prepare<[string], { is_given: 0 | 1 }>('SELECT is_given FROM title_entries WHERE id = ?')
      .all(id)
    const isIndexed = (isGiven: boolean): boolean => existing.some((entry) => (entry.is_given === 1) === isGiven)
    return findSearchableTitles(this.#db, id)
      .map(({ title, at, isGiven }) => ({ id, text: normalizeSearchText(title), at, isGiven }))
      .filter(({ text, isGiven }, index, all) => !isIndexed(isGiven) && (!isGiven || all[index - 1]?.text !== text))
  }

  #listOlderMessages(before: string): IndexEntry[] {
    const rows = this.#db
      .prepare<[string, number], MessageRow & { is_long: 0 | 1 }>(
        `SELECT *, parts = 'null' OR length(parts) > ${maxPassageLength} AS is_long FROM messages
         WHERE id < ? AND (copy_of IS NULL OR stands_in = 1) ORDER BY id DESC LIMIT ?`,
      )
      .iterate(before, batchSize)
    const entries: IndexEntry[] = []
    const longIds: string[] = []
    let length = 0
    for (const row of rows) {
      if (row.is_long) longIds.push(row.id)
      const entry = row.is_long ? { id: row.id, text: '', at: row.created_at } : toIndexEntry(row)
      entries.push(entry)
      length += entry.text.length
      if (length >= maxPassageLength) break
    }
    for (const id of longIds) this.#enqueueLong(id)
    return entries
  }

  /** Of their own. Titles that were given to conversations are never older than the index. */
  #listOlderTitles(before: string): IndexEntry[] {
    return this.#db
      .prepare<[string, number], { id: string; title: string | null; at: number }>(
        'SELECT id, title, started_at AS at FROM sessions WHERE id < ? ORDER BY id DESC LIMIT ?',
      )
      .all(before, batchSize)
      .map(({ id, title, at }) => ({ id, text: normalizeSearchText(title ?? ''), at }))
  }

  #enqueueLong(id: string): void {
    if (this.#isIndexedOrQueued('message', id)) return
    this.#db.prepare<[string]>("INSERT INTO search_queue VALUES ('message', ?, 1) ON CONFLICT DO NOTHING").run(id)
  }

  /** True for what was written after the index was created, although its id is older. */
  #isIndexedOrQueued(kind: SearchIndexItemKind, id: string): boolean {
    return (
      this.#db.prepare<[string]>(`SELECT 1 FROM ${kind}_entries WHERE id = ?`).get(id) !== undefined ||
      this.#db
        .prepare<[SearchIndexItemKind, string]>(
          'SELECT 1 FROM search_queue WHERE is_long IN (0, 1) AND kind = ? AND id = ?',
        )
        .get(kind, id) !== undefined
    )
  }

  #deleteEntries(kind: SearchIndexItemKind, id: string): void {
    this.#db.prepare<[string]>(`DELETE FROM ${kind}_entries WHERE id = ?`).run(id)
  }

  #appendEntry(kind: SearchIndexItemKind, entry: Omit<IndexEntry, 'text'>, isPassage: boolean): number {
    const last = this.#findOutermostEntry(kind, 'max')
    const at = Math.max(entry.at, last?.at ?? entry.at)
    return this.#insertEntry(kind, {
      number: last ? last.number + 1 : firstEntryNumber,
      id: entry.id,
      at,
      mark: isPassage ? 'is_passage' : entry.isGiven ? 'is_given' : null,
    })
  }

  #prependEntry(kind: SearchIndexItemKind, entry: Omit<IndexEntry, 'text'>): number {
    const first = this.#findOutermostEntry(kind, 'min')
    const at = Math.min(entry.at, first?.at ?? entry.at)
    return this.#insertEntry(kind, {
      number: (first?.number ?? firstEntryNumber) - 1,
      id: entry.id,
      at,
      mark: null,
    })
  }

  #findOutermostEntry(
    kind: SearchIndexItemKind,
    which: 'min' | 'max',
  ): { readonly number: number; readonly at: number } | undefined {
    return this.#db
      .prepare<[], { number: number; at: number }>(
        `SELECT number, at FROM ${kind}_entries WHERE number = (SELECT ${which}(number) FROM ${kind}_entries)`,
      )
      .get()
  }

  #insertEntry(
    kind: SearchIndexItemKind,
    { number, id, at, mark }: NumberedEntry & { readonly mark: 'is_passage' | 'is_given' | null },
  ): number {
    const [column, value] = mark ? [`, ${mark}`, ', 1'] : ['', '']
    this.#db
      .prepare<[number, string, number]>(
        `INSERT INTO ${kind}_entries (number, id, at${column}) VALUES (?, ?, ?${value})`,
      )
      .run(number, id, at)
    return number
  }
}

function toIndexEntry(row: MessageRow): IndexEntry {
  const { id, role, created_at: at } = row
  return { id, text: role === 'SYSTEM' ? '' : normalizeSearchText(toMessageText(parseStoredParts(row).parts)), at }
}
