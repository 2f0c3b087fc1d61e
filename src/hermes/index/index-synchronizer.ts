import { hash } from 'node:crypto'
import { chunksOf } from '../../lib/chunk.ts'
import type { SegmentLists } from '../../storage/sqlite/conversation-index/conversation-index-reader.ts'
import type { ChangedConversation } from '../../storage/session-reader.ts'
import type { Applied } from '../../storage/sqlite/conversation-index/conversation-indexer.ts'
import { type IndexChange, IndexStore } from './index-store.ts'
import { OwnSegments } from './cross-origin-feed.ts'
import { type FoundSession, findSessions, readPrints } from '../state/session-queries.ts'
import type { OpenFile } from '../state/state-database.ts'
import { textOf } from '../state/cell-values.ts'

/** Stands in the statements that keep the index, as against those that read what is shown. */
const upkeep = '/* for the index */ '

const chunk = 500 // rows a statement: a reader of a file without WAL keeps its writers waiting meanwhile

export interface HermesIndexOptions {
  /** Where it is kept; null: in memory. */
  readonly path: string | null
  /** The profile's own database; null for none. */
  readonly own: string | null
  /** What that puts before the ids of Hermes' sessions. */
  readonly prefix: string
  /** Called with the conversations that have changed; with null where any may have: it was begun anew. */
  readonly onChanged: (changed: readonly ChangedConversation[] | null) => void
}

/** What was seen of a stretch of Hermes' sessions. */
export interface Stretch {
  /** The rowid that it ends with; null for the last one. */
  readonly last: number | null
  /** Differs when any of its rows has changed. */
  readonly print: string
}

/**
 * Hermes' sessions, and those kept here that continue them, by conversation and in the order of the lists: what Hermes'
 * file has no index for. It holds nothing of its own and is kept to spare the next start the work.
 *
 * `follow` sees at once what is added to the file, by the rowids of sessions and the ids of messages, and what is changed
 * in the newest 500 sessions; changes in others are seen by `look`. What is changed in messages alone, and leaves no trace
 * in their session's row, shows when the session is about to be shown, by `check`.
 */
export class HermesIndex {
  readonly #profile: string
  readonly #store: IndexStore
  readonly #own: OwnSegments | null
  readonly #onChanged: HermesIndexOptions['onChanged']
  /** The handle that was followed last, and how its file stood then. */
  #file: OpenFile | null = null
  #version: unknown = null
  /** The rowid that the first look at all sessions has come to. */
  #builtTo: number | null = null
  #wasBroken = false
  #made = 1

  constructor(profile: string, { path, own, prefix, onChanged }: HermesIndexOptions) {
    this.#profile = profile
    this.#onChanged = onChanged
    this.#store = new IndexStore(path)
    this.#own = own === null ? null : new OwnSegments(own, prefix)
  }

  /** How often it was made; what was seen for another one tells nothing of this one. */
  get made(): number {
    return this.#made
  }

  /** Takes in what has changed; false when nothing has. When it fails halfway, the next call goes on from there. */
  follow(file: OpenFile): boolean {
    const version = file.db.pragma('data_version', { simple: true })
    this.#begin(file)
    this.#followOwn()
    if (file === this.#file && version === this.#version) return false
    if (this.#store.progress.whole) this.#followSessions(file)
    else while (this.build(file));
    this.#followMessages(file)
    this.#file = file
    this.#version = version
    return true
  }

  /** A step of the first look at all sessions; true while there are more. */
  build(file: OpenFile): boolean {
    this.#begin(file)
    if (this.#store.progress.whole) return false
    this.#builtTo = this.look(file, this.#builtTo ?? 0).last
    if (this.#builtTo === null) this.#save({ progress: { whole: true } })
    return this.#builtTo !== null
  }

  /**
   * Looks at up to 500 rows of sessions behind a rowid and takes in those that have changed. `known` is what was seen of
   * them the last time; where it is the same nothing else is read.
   */
  look(file: OpenFile, after: number, known?: string): Stretch {
    const cells = readPrints(file, after, chunk)
    const last = cells.length < chunk ? null : Number(cells.at(-1)?.[0])
    const print = digest(cells)
    if (print === known) return { last, print }
    const rows = cells.map((row) => ({ row: Number(row[0]), id: textOf(row[1]), print: digest(row) }))
    const there = new Set(rows.map(({ row }) => row))
    const before = this.#store.seen(after, last ?? Number.MAX_SAFE_INTEGER)
    const old = new Map(before.map((row) => [row.row, row]))
    const gone = before.filter(({ row }) => !there.has(row))
    const seen = rows.filter((row) => old.get(row.row)?.print !== row.print)
    // A row that another session has taken, as after a VACUUM, tells of both.
    const ids = [...seen, ...seen.map(({ row }) => old.get(row)), ...gone].flatMap((row) => row?.id ?? [])
    if (seen.length > 0 || gone.length > 0) this.#take(file, ids, { seen, gone: gone.map(({ row }) => row) })
    return { last, print }
  }

  read<T>(work: (lists: SegmentLists) => T): T {
    return this.#store.read(work)
  }

  /** Reads sessions that are about to be shown. `changed` when the index knew anything else of them, and now knows. */
  check(file: OpenFile, ids: readonly string[]): { readonly found: FoundSession[]; readonly changed: boolean } {
    return this.#take(file, ids, null, '')
  }

  /** After an `IndexFault`: throws away what there is, and keeps the next one in memory if it is not the first time. */
  anew(): void {
    this.#store.anew({ inMemory: this.#wasBroken })
    this.#wasBroken = true
    this.#begun()
  }

  /** Reads sessions as they are now and brings the index up to them. `change`: null when none of them need have changed. */
  #take(file: OpenFile, ids: readonly string[], change: Omit<IndexChange, 'put' | 'removed'> | null, note = upkeep) {
    const unique = [...new Set(ids)]
    const found = chunksOf(unique, chunk).flatMap((some) => findSessions(file, some, this.#profile, note))
    const there = new Set(found.map(({ record }) => record.id))
    const applied = this.#save(
      {
        ...change,
        put: found.map(({ segment }) => segment),
        removed: unique.filter((id) => !there.has(id) && !this.#store.isOwn(id)),
      },
      change ? unique : [],
    )
    return { found, changed: applied.segments.size > 0 }
  }

  /** Saves, and tells of it; of what is found by the first look at all sessions nothing is told. */
  #save(change: IndexChange, changedIds: readonly string[] = []): Applied {
    const applied = this.#store.save(change)
    const changed = this.#store.progress.whole ? this.#store.changed(applied, changedIds) : []
    if (changed.length > 0) this.#onChanged(changed)
    return applied
  }

  #begin(file: OpenFile): void {
    const name = digest([file.inode, file.layout.print])
    const { progress } = this.#store
    if (progress.file === name) return
    if (progress.file !== null) this.#store.anew()
    this.#begun()
    // What comes in while the sessions are read is looked at again.
    this.#store.save({ progress: { file: name, lastMessage: newest(file, 'messages') } })
  }

  #begun(): void {
    this.#file = null
    this.#builtTo = null
    this.#made += 1
    this.#onChanged(null)
  }

  #followSessions(file: OpenFile): void {
    // One row less than a stretch, for it to be known to end here.
    const newer = Math.max(0, newest(file, 'sessions') - chunk + 1)
    for (let after: number | null = Math.min(this.#store.lastSeen(), newer); after !== null;) {
      after = this.look(file, after).last
    }
  }

  #followMessages(file: OpenFile): void {
    if (!file.layout.hasMessages) return
    const read = file.db.prepare<[number, number], { id: number; session_id: unknown }>(
      `SELECT messages.id, messages.session_id FROM messages WHERE messages.id > ? ORDER BY messages.id LIMIT ?`,
    )
    for (let isFirst = true; ; isFirst = false) {
      const { lastMessage } = this.#store.progress
      const rows = read.all(lastMessage, chunk)
      const last = rows.at(-1)?.id
      if (last !== undefined) {
        const ids = rows.flatMap((row) => textOf(row.session_id) ?? [])
        this.#take(file, ids, { progress: { lastMessage: last } })
      } else if (isFirst && newest(file, 'messages') < lastMessage) {
        // The newest were taken away: where ids are used again, the next ones begin here.
        this.#store.save({ progress: { lastMessage: newest(file, 'messages') } })
      }
      if (rows.length < chunk) return
    }
  }

  #followOwn(): void {
    if (!this.#own) return
    const { inode } = this.#own
    const { own, lastChange } = this.#store.progress
    if (inode !== own || this.#own.newest() < lastChange) {
      this.#save({ removed: this.#store.ownIds(), progress: { own: inode, lastChange: 0 } })
    }
    for (;;) {
      const changes = this.#own.changes(this.#store.progress.lastChange, chunk)
      const last = changes.at(-1)
      if (!last) return
      this.#save({
        put: changes.flatMap(({ segment }) => segment ?? []),
        removed: changes.flatMap(({ id, segment }) => (segment ? [] : id)),
        progress: { lastChange: last.change },
      })
    }
  }
}

function newest({ db, layout }: OpenFile, table: 'sessions' | 'messages'): number {
  const [column, isThere] =
    table === 'sessions' ? ['sessions.rowid', layout.hasSessions] : ['messages.id', layout.hasMessages]
  if (!isThere) return 0
  return db.prepare<[], { n: number | null }>(`SELECT max(${column}) AS n FROM ${table}`).get()?.n ?? 0
}

function digest(value: unknown): string {
  return hash('sha1', JSON.stringify(value), 'base64')
}
