import { allocateChangeSeqs } from '../database/change-sequences.ts'
import {
  insertRows,
  type PostgresInsert,
  type PostgresStatement,
  type PostgresTransaction,
} from '../database/postgres-statement.ts'
import { ThrottledTask } from '../database/throttled-task.ts'
import type { PostgresProfileDatabase } from '../postgres-profile-database.ts'
import { createMessageEntries, createTitleEntries, type NewSearchEntry } from './search-entries.ts'

/** Messages and sessions that one transaction indexes. */
const batchSize = 50
/** In the background, others get most of the time. */
const passIntervalMs = 1_000
const passDurationMs = 200

interface QueuedItem {
  readonly number: number
  readonly kind: NewSearchEntry['kind']
  readonly id: string
}

interface NumberedSearchEntry extends NewSearchEntry {
  readonly number: number
}

const selectQueued: PostgresStatement = {
  name: 'select-search-queue',
  text: `SELECT number, kind, id FROM search_queue WHERE profile = $1 ORDER BY number LIMIT ${batchSize}`,
}

/** Processes add entries to a profile one after another. Leaves out what another one has done. */
const takeQueued: PostgresStatement = {
  name: 'take-search-queue',
  text: `WITH locked AS MATERIALIZED (
      SELECT feed FROM change_sequences WHERE profile = $1 AND feed = 'search_entries' FOR UPDATE
    )
    DELETE FROM search_queue USING locked WHERE profile = $1 AND number = ANY($2::bigint[]) RETURNING kind, id`,
}

const deleteOfMessages: PostgresStatement = {
  name: 'delete-search-entries-of-messages',
  text: 'DELETE FROM search_entries WHERE profile = $1 AND message_id = ANY($2::text[])',
}

const deleteOfTitles: PostgresStatement = {
  name: 'delete-search-entries-of-titles',
  text: `DELETE FROM search_entries WHERE profile = $1 AND kind = 'title' AND session_id = ANY($2::text[])`,
}

/** Of messages and sessions that are deleted meanwhile, nothing is stored. Times do not decrease while numbers grow. */
const insertEntries: PostgresInsert<NumberedSearchEntry> = {
  name: 'insert-search-entries',
  text: `INSERT INTO search_entries
      (profile, number, kind, session_id, message_id, is_given, is_passage, at, text, lexemes)
    SELECT $1, new.number, new.kind, new.session_id, new.message_id, new.is_given, new.is_passage,
      greatest(max(new.at) OVER (PARTITION BY new.kind ORDER BY new.number), (
        SELECT last.at FROM search_entries AS last WHERE last.profile = $1 AND last.kind = new.kind
        ORDER BY last.number DESC LIMIT 1
      )), new.text, array_to_tsvector(string_to_array(new.lexemes, ' '))
    FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::smallint[], $7::smallint[], $8::bigint[], $9::text[],
      $10::text[]) AS new (number, kind, session_id, message_id, is_given, is_passage, at, text, lexemes)
    WHERE EXISTS (SELECT 1 FROM sessions WHERE sessions.profile = $1 AND sessions.id = new.session_id) AND (
      new.message_id IS NULL OR
      EXISTS (SELECT 1 FROM messages WHERE messages.profile = $1 AND messages.id = new.message_id))`,
  columns: {
    number: 'bigint',
    kind: 'text',
    session_id: 'text',
    message_id: 'text',
    is_given: 'smallint',
    is_passage: 'smallint',
    at: 'bigint',
    text: 'text',
    lexemes: 'text',
  },
}

/** Keeps the search index of a profile up to date. Any process indexes what any has written. */
export class PostgresSearchIndexer {
  readonly #database: PostgresProfileDatabase
  readonly #passes = new ThrottledTask(() => this.#runPass(), passIntervalMs)

  constructor(database: PostgresProfileDatabase) {
    this.#database = database
  }

  /** Indexes in the background what was written. A search does so itself before it begins. */
  schedule(): void {
    this.#passes.schedule()
  }

  close(): Promise<void> {
    return this.#passes.close()
  }

  /**
   * Indexes what was committed before the call, or as much as it can until the deadline, by `performance.now()`. Returns whether
   * that was all.
   */
  async indexPending(deadline = Infinity): Promise<boolean> {
    do {
      const queued = await this.#database.query<QueuedItem>(selectQueued)
      if (queued.length === 0) return true
      await this.#indexBatch(queued)
    } while (performance.now() < deadline)
    return false
  }

  async #runPass(): Promise<void> {
    if (!(await this.indexPending(performance.now() + passDurationMs))) this.schedule()
  }

  async #indexBatch(queued: readonly QueuedItem[]): Promise<void> {
    // Texts are read and normalized before the others have to wait. What changes meanwhile is in the queue again.
    const entries = [
      ...(await createTitleEntries(this.#database, listIds(queued, 'title'))),
      ...(await createMessageEntries(this.#database, listIds(queued, 'message'))),
    ]
    const numbers = queued.map(({ number }) => number)
    await this.#database.write(async (transaction) => {
      const taken = await transaction.query<Omit<QueuedItem, 'number'>>(takeQueued, [numbers])
      const [sessionIds, messageIds] = [listIds(taken, 'title'), listIds(taken, 'message')]
      await transaction.execute(deleteOfMessages, [messageIds])
      await transaction.execute(deleteOfTitles, [sessionIds])
      const takenIds = new Set([...sessionIds, ...messageIds])
      const takenEntries = entries.filter(({ message_id, session_id }) => takenIds.has(message_id ?? session_id))
      await storeEntries(transaction, takenEntries)
    })
  }
}

function listIds(items: readonly Omit<QueuedItem, 'number'>[], kind: QueuedItem['kind']): string[] {
  return [...new Set(items.filter((item) => item.kind === kind).map(({ id }) => id))]
}

async function storeEntries(tx: PostgresTransaction, entries: readonly NewSearchEntry[]): Promise<void> {
  const numbers = await allocateChangeSeqs(tx, 'search_entries', entries.length)
  await insertRows(
    tx,
    insertEntries,
    entries.map((entry, index) => Object.assign({ number: numbers[index] ?? 0 }, entry)),
  )
}
