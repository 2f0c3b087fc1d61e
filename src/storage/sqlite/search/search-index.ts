import type { SqlConnection } from '../database/statement-cache.ts'
import { normalizeText } from '../../../search/analyzer.ts'
import { toMessageText } from '../../../model/message-text.ts'
import { maxPassageLength } from '../../../search/passages.ts'
import { type MessageRow, messageFromRow } from '../rows/message-row.ts'

export type IndexedKind = 'message' | 'title'

interface QueuedItem {
  readonly kind: IndexedKind
  readonly id: string
  readonly is_long: 0 | 1
}

/** What is to be written to the index: what it is of, its text, and its time in milliseconds. */
interface IndexEntry {
  readonly id: string
  readonly text: string
  readonly at: number
}

const batchSize = 25 // rows a slice
/** Numbers of what comes in count up from here, those of what was there before down. */
const firstEntryNumber = 2 ** 40

/** The rowid in the index of the entry with a number, and the other way round. */
export function mirrorRowid(number: number): number {
  return 2 ** 41 - number
}

/**
 * The index of what people and agents said, and of titles. What a search does not find in it: notes, what a model only
 * thought, and what its tools were given and gave back. Triggers note in `search_queue` what came and went, whoever wrote
 * it; nothing is forgotten. Every method is to be called inside of a transaction.
 */
export class SearchIndex {
  readonly #db: SqlConnection

  constructor(db: SqlConnection) {
    this.#db = db
  }

  /**
   * Takes in what came in with this transaction, about 16,384 code units of it at most. Returns whether something is
   * left: what is longer, and what was too much at once.
   */
  indexPending(): boolean {
    const queued = this.#db
      .prepare<[number], QueuedItem>(
        'SELECT kind, id, is_long FROM search_queue WHERE is_long >= 0 ORDER BY is_long LIMIT ?',
      )
      .all(batchSize)
    const entries: { readonly kind: IndexedKind; readonly number: number; readonly text: string }[] = []
    let units = 0
    let hasMore = queued.length === batchSize
    for (const { kind, id, is_long: isLong } of queued) {
      if (isLong || units >= maxPassageLength) {
        hasMore = true
        break
      }
      this.#deleteEntries(kind, id)
      const entry = kind === 'message' ? this.#loadMessageEntry(id) : this.#loadTitleEntry(id)
      if (entry && entry.text !== '') {
        entries.push({ kind, number: this.#appendEntry(kind, entry, false), text: entry.text })
        units += entry.text.length
      }
      this.dequeue({ kind, id, isLong: false })
    }
    for (const { kind, number, text } of entries.reverse()) this.writeEntry(kind, number, text)
    return hasMore
  }

  /** The next long message, if there is one. */
  findNextLongMessage(): string | null {
    const row = this.#db
      .prepare<[], { id: string }>("SELECT id FROM search_queue WHERE is_long = 1 AND kind = 'message' LIMIT 1")
      .get()
    return row?.id ?? null
  }

  /** What was waiting does not any more. */
  dequeue({ kind, id, isLong }: { readonly kind: IndexedKind; readonly id: string; readonly isLong: boolean }): void {
    this.#db
      .prepare<[number, string, string]>('DELETE FROM search_queue WHERE is_long = ? AND kind = ? AND id = ?')
      .run(isLong ? 1 : 0, kind, id)
  }

  /** Makes room for the stretches of a long message: the numbers under which each is to be written. */
  reserveEntries(messageId: string, passageCount: number): number[] {
    this.#deleteEntries('message', messageId)
    const row = this.#db
      .prepare<[string], { id: string; at: number }>('SELECT id, created_at AS at FROM messages WHERE id = ?')
      .get(messageId)
    return row ? Array.from({ length: passageCount }, () => this.#appendEntry('message', row, passageCount > 1)) : []
  }

  /**
   * Writes a folded text under its number. False when what it is of has gone in the meantime. Several of one transaction
   * are written with falling numbers: a smaller rowid behind a greater makes FTS5 begin anew.
   */
  writeEntry(kind: IndexedKind, number: number, text: string): boolean {
    const entry = this.#db.prepare<[number]>(`SELECT number FROM ${kind}_entries WHERE number = ?`).get(number)
    if (!entry) return false
    this.#db
      .prepare<[number, string]>(`INSERT INTO ${kind}_index (rowid, text) VALUES (?, ?)`)
      .run(mirrorRowid(number), text)
    return true
  }

  /** Takes in some of what was there before the index, titles and the newest first. False when nothing is left of it. */
  backfill(): boolean {
    const row = this.#db
      .prepare<[], { kind: IndexedKind; id: string }>(
        "SELECT kind, id FROM search_backfill WHERE kind IN ('title', 'message') ORDER BY kind DESC LIMIT 1",
      )
      .get()
    if (!row) return false
    const { kind, id } = row
    const older = kind === 'message' ? this.#listOlderMessages(id) : this.#listOlderTitles(id)
    const last = older.at(-1)
    if (last) {
      this.#db.prepare<[string, IndexedKind]>('UPDATE search_backfill SET id = ? WHERE kind = ?').run(last.id, kind)
    } else {
      this.#db.prepare<[IndexedKind]>('DELETE FROM search_backfill WHERE kind = ?').run(kind)
    }
    const missing = older.filter((entry) => entry.text !== '' && !this.#isIndexedOrQueued(kind, entry.id))
    const numbered = missing.map((entry) => ({ number: this.#prependEntry(kind, entry), text: entry.text }))
    for (const { number, text } of numbered) this.writeEntry(kind, number, text)
    return true
  }

  #loadMessageEntry(id: string): IndexEntry | null {
    const row = this.#db.prepare<[string], MessageRow>('SELECT * FROM messages WHERE id = ?').get(id)
    return row ? toIndexEntry(row) : null
  }

  #loadTitleEntry(id: string): IndexEntry | null {
    const row = this.#db
      .prepare<[string], { title: string | null; at: number }>(
        'SELECT title, started_at AS at FROM sessions WHERE id = ?',
      )
      .get(id)
    return row ? { id, text: normalizeText(row.title ?? ''), at: row.at } : null
  }

  #listOlderMessages(before: string): IndexEntry[] {
    const rows = this.#db
      .prepare<[string, number], MessageRow & { is_long: 0 | 1 }>(
        `SELECT *, parts = 'null' OR length(parts) > ${maxPassageLength} AS is_long FROM messages
         WHERE id < ? ORDER BY id DESC LIMIT ?`,
      )
      .iterate(before, batchSize)
    const entries: IndexEntry[] = []
    const long: string[] = []
    let units = 0
    for (const row of rows) {
      if (row.is_long) long.push(row.id)
      const entry = row.is_long ? { id: row.id, text: '', at: row.created_at } : toIndexEntry(row)
      entries.push(entry)
      units += entry.text.length
      if (units >= maxPassageLength) break
    }
    for (const id of long) this.#enqueueLong(id)
    return entries
  }

  #listOlderTitles(before: string): IndexEntry[] {
    return this.#db
      .prepare<[string, number], { id: string; title: string | null; at: number }>(
        'SELECT id, title, started_at AS at FROM sessions WHERE id < ? ORDER BY id DESC LIMIT ?',
      )
      .all(before, batchSize)
      .map(({ id, title, at }) => ({ id, text: normalizeText(title ?? ''), at }))
  }

  #enqueueLong(id: string): void {
    if (this.#isIndexedOrQueued('message', id)) return
    this.#db.prepare<[string]>("INSERT INTO search_queue VALUES ('message', ?, 1) ON CONFLICT DO NOTHING").run(id)
  }

  /** It has its entry, or waits for it: it came in later than its id tells. */
  #isIndexedOrQueued(kind: IndexedKind, id: string): boolean {
    return (
      this.#db.prepare<[string]>(`SELECT 1 FROM ${kind}_entries WHERE id = ?`).get(id) !== undefined ||
      this.#db
        .prepare<[IndexedKind, string]>('SELECT 1 FROM search_queue WHERE is_long IN (0, 1) AND kind = ? AND id = ?')
        .get(kind, id) !== undefined
    )
  }

  #deleteEntries(kind: IndexedKind, id: string): void {
    this.#db.prepare<[string]>(`DELETE FROM ${kind}_entries WHERE id = ?`).run(id)
  }

  #appendEntry(kind: IndexedKind, entry: Omit<IndexEntry, 'text'>, isPassage: boolean): number {
    const last = this.#findOutermostEntry(kind, 'max')
    const at = Math.max(entry.at, last?.at ?? entry.at)
    return this.#insertEntry(kind, {
      number: last ? last.number + 1 : firstEntryNumber,
      id: entry.id,
      at,
      isPassage,
    })
  }

  #prependEntry(kind: IndexedKind, entry: Omit<IndexEntry, 'text'>): number {
    const first = this.#findOutermostEntry(kind, 'min')
    const at = Math.min(entry.at, first?.at ?? entry.at)
    return this.#insertEntry(kind, {
      number: (first?.number ?? firstEntryNumber) - 1,
      id: entry.id,
      at,
      isPassage: false,
    })
  }

  #findOutermostEntry(
    kind: IndexedKind,
    which: 'min' | 'max',
  ): { readonly number: number; readonly at: number } | undefined {
    return this.#db
      .prepare<[], { number: number; at: number }>(
        `SELECT number, at FROM ${kind}_entries WHERE number = (SELECT ${which}(number) FROM ${kind}_entries)`,
      )
      .get()
  }

  #insertEntry(
    kind: IndexedKind,
    { number, id, at, isPassage }: Omit<IndexEntry, 'text'> & { readonly number: number; readonly isPassage: boolean },
  ): number {
    const [column, value] = isPassage ? [', is_passage', ', 1'] : ['', '']
    this.#db
      .prepare<[number, string, number]>(
        `INSERT INTO ${kind}_entries (number, id, at${column}) VALUES (?, ?, ?${value})`,
      )
      .run(number, id, at)
    return number
  }
}

function toIndexEntry(row: MessageRow): IndexEntry {
  const { id, role, parts, createdAt } = messageFromRow(row)
  return { id, text: role === 'SYSTEM' ? '' : normalizeText(toMessageText(parts)), at: createdAt }
}
