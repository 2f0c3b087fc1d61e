import type Database from 'better-sqlite3'
import { folded } from '../../../search/analyzer.ts'
import { saidIn } from '../../../model/message-text.ts'
import { longestStretch } from '../../../search/passages.ts'
import { type MessageRow, toMessage } from '../rows/row-mappers.ts'

/** Statements that are prepared once. */
export interface Statements {
  prepare<Parameters extends unknown[], Row = unknown>(sql: string): Database.Statement<Parameters, Row>
}

export type Kind = 'message' | 'title'

interface Waiting {
  readonly kind: Kind
  readonly id: string
  readonly is_long: 0 | 1
}

/** What is to be written to the index: what it is of, its text, and its time in milliseconds. */
interface Entry {
  readonly id: string
  readonly text: string
  readonly at: number
}

const mostAtOnce = 25 // rows a slice
/** Numbers of what comes in count up from here, those of what was there before down. */
const firstNumber = 2 ** 40

/** The rowid in the index of the entry with a number, and the other way round. */
export function mirrored(number: number): number {
  return 2 ** 41 - number
}

/**
 * The index of what people and agents said, and of titles. What a search does not find in it: notes, what a model only
 * thought, and what its tools were given and gave back. Triggers note in `unindexed` what came and went, whoever wrote
 * it; nothing is forgotten. Every method is to be called inside of a transaction.
 */
export class SearchIndex {
  readonly #db: Statements

  constructor(db: Statements) {
    this.#db = db
  }

  /**
   * Takes in what came in with this transaction, about 16,384 code units of it at most. Returns whether something is
   * left: what is longer, and what was too much at once.
   */
  keepUp(): boolean {
    const waiting = this.#db
      .prepare<[number], Waiting>('SELECT kind, id, is_long FROM unindexed WHERE is_long >= 0 ORDER BY is_long LIMIT ?')
      .all(mostAtOnce)
    const taken: { readonly kind: Kind; readonly number: number; readonly text: string }[] = []
    let units = 0
    let isLeft = waiting.length === mostAtOnce
    for (const { kind, id, is_long: isLong } of waiting) {
      if (isLong || units >= longestStretch) {
        isLeft = true
        break
      }
      this.#forget(kind, id)
      const entry = kind === 'message' ? this.#message(id) : this.#title(id)
      if (entry && entry.text !== '') {
        taken.push({ kind, number: this.#nextEntry(kind, entry, false), text: entry.text })
        units += entry.text.length
      }
      this.done({ kind, id, isLong: false })
    }
    for (const { kind, number, text } of taken.reverse()) this.write(kind, number, text)
    return isLeft
  }

  /** The next long message, if there is one. */
  nextLong(): string | null {
    const row = this.#db
      .prepare<[], { id: string }>("SELECT id FROM unindexed WHERE is_long = 1 AND kind = 'message' LIMIT 1")
      .get()
    return row?.id ?? null
  }

  /** What was waiting does not any more. */
  done({ kind, id, isLong }: { readonly kind: Kind; readonly id: string; readonly isLong: boolean }): void {
    this.#db
      .prepare<[number, string, string]>('DELETE FROM unindexed WHERE is_long = ? AND kind = ? AND id = ?')
      .run(isLong ? 1 : 0, kind, id)
  }

  /** Makes room for the stretches of a long message: the numbers under which each is to be written. */
  reserve(messageId: string, stretches: number): number[] {
    this.#forget('message', messageId)
    const row = this.#db
      .prepare<[string], { id: string; at: number }>('SELECT id, created_at AS at FROM messages WHERE id = ?')
      .get(messageId)
    return row ? Array.from({ length: stretches }, () => this.#nextEntry('message', row, stretches > 1)) : []
  }

  /**
   * Writes a folded text under its number. False when what it is of has gone in the meantime. Several of one transaction
   * are written with falling numbers: a smaller rowid behind a greater makes FTS5 begin anew.
   */
  write(kind: Kind, number: number, text: string): boolean {
    const entry = this.#db.prepare<[number]>(`SELECT number FROM ${kind}_entries WHERE number = ?`).get(number)
    if (!entry) return false
    this.#db
      .prepare<[number, string]>(`INSERT INTO ${kind}_index (rowid, text) VALUES (?, ?)`)
      .run(mirrored(number), text)
    return true
  }

  /** Takes in some of what was there before the index, titles and the newest first. False when nothing is left of it. */
  takeOlder(): boolean {
    const row = this.#db
      .prepare<[], { kind: Kind; id: string }>(
        "SELECT kind, id FROM unindexed_before WHERE kind IN ('title', 'message') ORDER BY kind DESC LIMIT 1",
      )
      .get()
    if (!row) return false
    const { kind, id } = row
    const older = kind === 'message' ? this.#olderMessages(id) : this.#olderTitles(id)
    const last = older.at(-1)
    if (last) {
      this.#db.prepare<[string, Kind]>('UPDATE unindexed_before SET id = ? WHERE kind = ?').run(last.id, kind)
    } else {
      this.#db.prepare<[Kind]>('DELETE FROM unindexed_before WHERE kind = ?').run(kind)
    }
    const missing = older.filter((entry) => entry.text !== '' && !this.#isKnown(kind, entry.id))
    const numbered = missing.map((entry) => ({ number: this.#previousEntry(kind, entry), text: entry.text }))
    for (const { number, text } of numbered) this.write(kind, number, text)
    return true
  }

  #message(id: string): Entry | null {
    const row = this.#db.prepare<[string], MessageRow>('SELECT * FROM messages WHERE id = ?').get(id)
    return row ? entryOf(row) : null
  }

  #title(id: string): Entry | null {
    const row = this.#db
      .prepare<[string], { title: string | null; at: number }>(
        'SELECT title, started_at AS at FROM sessions WHERE id = ?',
      )
      .get(id)
    return row ? { id, text: folded(row.title ?? ''), at: row.at } : null
  }

  #olderMessages(before: string): Entry[] {
    const rows = this.#db
      .prepare<[string, number], MessageRow & { is_long: 0 | 1 }>(
        `SELECT *, parts = 'null' OR length(parts) > ${longestStretch} AS is_long FROM messages
         WHERE id < ? ORDER BY id DESC LIMIT ?`,
      )
      .iterate(before, mostAtOnce)
    const entries: Entry[] = []
    const long: string[] = []
    let units = 0
    for (const row of rows) {
      if (row.is_long) long.push(row.id)
      const entry = row.is_long ? { id: row.id, text: '', at: row.created_at } : entryOf(row)
      entries.push(entry)
      units += entry.text.length
      if (units >= longestStretch) break
    }
    for (const id of long) this.#noteLong(id)
    return entries
  }

  #olderTitles(before: string): Entry[] {
    return this.#db
      .prepare<[string, number], { id: string; title: string | null; at: number }>(
        'SELECT id, title, started_at AS at FROM sessions WHERE id < ? ORDER BY id DESC LIMIT ?',
      )
      .all(before, mostAtOnce)
      .map(({ id, title, at }) => ({ id, text: folded(title ?? ''), at }))
  }

  #noteLong(id: string): void {
    if (this.#isKnown('message', id)) return
    this.#db.prepare<[string]>("INSERT INTO unindexed VALUES ('message', ?, 1) ON CONFLICT DO NOTHING").run(id)
  }

  /** It has its entry, or waits for it: it came in later than its id tells. */
  #isKnown(kind: Kind, id: string): boolean {
    return (
      this.#db.prepare<[string]>(`SELECT 1 FROM ${kind}_entries WHERE id = ?`).get(id) !== undefined ||
      this.#db
        .prepare<[Kind, string]>('SELECT 1 FROM unindexed WHERE is_long IN (0, 1) AND kind = ? AND id = ?')
        .get(kind, id) !== undefined
    )
  }

  #forget(kind: Kind, id: string): void {
    this.#db.prepare<[string]>(`DELETE FROM ${kind}_entries WHERE id = ?`).run(id)
  }

  #nextEntry(kind: Kind, entry: Omit<Entry, 'text'>, isStretch: boolean): number {
    const last = this.#end(kind, 'max')
    const at = Math.max(entry.at, last?.at ?? entry.at)
    return this.#addEntry(kind, { number: last ? last.number + 1 : firstNumber, id: entry.id, at, isStretch })
  }

  #previousEntry(kind: Kind, entry: Omit<Entry, 'text'>): number {
    const first = this.#end(kind, 'min')
    const at = Math.min(entry.at, first?.at ?? entry.at)
    return this.#addEntry(kind, { number: (first?.number ?? firstNumber) - 1, id: entry.id, at, isStretch: false })
  }

  #end(kind: Kind, which: 'min' | 'max'): { readonly number: number; readonly at: number } | undefined {
    return this.#db
      .prepare<[], { number: number; at: number }>(
        `SELECT number, at FROM ${kind}_entries WHERE number = (SELECT ${which}(number) FROM ${kind}_entries)`,
      )
      .get()
  }

  #addEntry(
    kind: Kind,
    { number, id, at, isStretch }: Omit<Entry, 'text'> & { readonly number: number; readonly isStretch: boolean },
  ): number {
    const [column, value] = isStretch ? [', is_stretch', ', 1'] : ['', '']
    this.#db
      .prepare<[number, string, number]>(
        `INSERT INTO ${kind}_entries (number, id, at${column}) VALUES (?, ?, ?${value})`,
      )
      .run(number, id, at)
    return number
  }
}

function entryOf(row: MessageRow): Entry {
  const { id, role, parts, createdAt } = toMessage(row)
  return { id, text: role === 'SYSTEM' ? '' : folded(saidIn(parts)), at: createdAt }
}
