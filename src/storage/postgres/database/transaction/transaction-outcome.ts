import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { z } from 'zod'
import { withoutTimeout } from '../connection-timeouts.ts'
import type { PostgresStatement } from '../postgres-statement.ts'

/** A transaction that has written. */
export interface WrittenTransaction {
  /** PostgreSQL's id of it. */
  readonly id: string
  /** Names the time in which the server gives each id once: it ends with a restart, a crash and a fail-over. */
  readonly server: string
}

/** UNKNOWN: the server does not know it, or may have given the id to another transaction. */
export type TransactionOutcome = 'COMMITTED' | 'ABORTED' | 'UNKNOWN'

const pollIntervalMs = 20

/** After a crash, which also ends all other sessions, PostgreSQL sets its statistics back. */
const serverTime = `extract(epoch FROM pg_postmaster_start_time()) || ' ' ||
  extract(epoch FROM pg_stat_get_bgwriter_stat_reset_time())`

const selectWritten = {
  name: 'select-written-transaction',
  text: `SELECT pg_current_xact_id_if_assigned()::text AS id, ${serverTime} AS server`,
}

/** A replica may be behind: it is not believed. */
const selectOutcome = `SELECT CASE WHEN NOT pg_is_in_recovery() THEN pg_xact_status($1::text::xid8) END AS status, ${serverTime} AS server`

/** Ends the transaction if PostgreSQL still waits for statements of its client, which is gone. */
const endIdle = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE backend_xid = $1::text::xid8::xid AND state LIKE 'idle in transaction%'`

const writtenRow = z.tuple([z.object({ id: z.string().nullable(), server: z.string() })])
const outcomeRow = z.tuple([z.object({ status: z.string().nullable(), server: z.string() })])

/** Learns the id of one transaction. */
export class WrittenTransactionReader {
  readonly #client: Pick<pg.ClientBase, 'query'>
  readonly #isNamed: boolean
  #written: WrittenTransaction | null = null
  #reading: Promise<void> | null = null

  /** `client`: one that sends statements without waiting for the answer to those before. */
  constructor(client: Pick<pg.ClientBase, 'query'>, isNamed: boolean) {
    this.#client = client
    this.#isNamed = isNamed
  }

  /** Call it right after each statement that may write was sent: the question goes with it, and waits as long as it takes. */
  ask({ isLong }: Pick<PostgresStatement, 'isLong'> = {}): void {
    if (!this.#written) this.#reading = this.#read(isLong)
  }

  /** Null: nothing was written. */
  async read(): Promise<WrittenTransaction | null> {
    await this.#reading
    return this.#written
  }

  async #read(isLong = false): Promise<void> {
    const { text, name } = selectWritten
    const question = { text, ...(this.#isNamed && { name }), ...(isLong && withoutTimeout) }
    try {
      const [{ id, server }] = writtenRow.parse((await this.#client.query(question)).rows)
      if (id !== null) this.#written = { id, server }
    } catch {
      // The statement before it has failed, and says why.
    }
  }
}

/**
 * Whether a transaction was committed whose COMMIT got no answer. Waits while it is in progress. `query` runs a statement by
 * itself on a new connection; if it fails, nobody knows.
 */
export async function readTransactionOutcome(
  written: WrittenTransaction,
  query: (text: string, values: readonly unknown[]) => Promise<{ readonly rows: unknown[] }>,
): Promise<TransactionOutcome> {
  for (;;) {
    const answer = await query(selectOutcome, [written.id]).catch(() => null)
    if (!answer) return 'UNKNOWN'
    const [{ status, server }] = outcomeRow.parse(answer.rows)
    // Not even another transaction with this id was committed.
    if (status === 'aborted') return 'ABORTED'
    if (status === null || server !== written.server) return 'UNKNOWN'
    if (status === 'committed') return 'COMMITTED'
    await query(endIdle, [written.id]).catch(() => undefined)
    await delay(pollIntervalMs)
  }
}
