import type { PostgresConnection, PostgresStatement, PostgresTransaction } from '../database/postgres-statement.ts'
import { settleOutcome } from '../database/transaction/settle-outcome.ts'
import type { PostgresProfileDatabase } from '../postgres-profile-database.ts'

/** A connection that knows the number of this process. */
export type OwnerConnection = PostgresConnection & Pick<PostgresTransaction, 'process'>

/** What is claimed as a whole: all orphaned streams of a session, because they wait for each other; each run of a job by itself. */
const unitColumns = { streams: 'session_id', job_runs: 'id' } as const

type OrphanTable = keyof typeof unitColumns

interface Orphan {
  readonly id: string
  readonly unit: string
}

/** SQL: whether a row of a table has not ended, and its process does not exist any more. */
export function isOrphanedSql(table: OrphanTable): string {
  return `${table}.finished_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM processes WHERE processes.number = ${table}.owner)`
}

/** Locks of processes that work are free again by then. */
const limitLockWait: PostgresStatement = {
  name: 'limit-lock-wait-for-orphans',
  text: `SELECT set_config('lock_timeout', '250', true) WHERE $1::text IS NOT NULL`,
}

interface OrphanStatements {
  readonly select: PostgresStatement
  readonly lock: PostgresStatement
  readonly lockFree: PostgresStatement
  readonly claim: PostgresStatement
}

/** Gives the orphans of a profile to a process. */
export class OrphanClaim {
  readonly #statements: OrphanStatements

  constructor(table: OrphanTable) {
    const unit = unitColumns[table]
    const lockText = `SELECT id FROM ${table} WHERE profile = $1 AND id = ANY($2::text[]) FOR NO KEY UPDATE`
    this.#statements = {
      select: {
        name: `select-orphaned-${table}`,
        text: `SELECT id, ${unit} AS unit FROM ${table} WHERE profile = $1 AND ${isOrphanedSql(table)}`,
      },
      lock: { name: `lock-orphaned-${table}`, text: lockText },
      lockFree: { name: `lock-free-orphaned-${table}`, text: `${lockText} SKIP LOCKED` },
      claim: {
        name: `claim-orphaned-${table}`,
        text: `UPDATE ${table} SET owner = $3 WHERE profile = $1 AND id = ANY($2::text[]) AND ${isOrphanedSql(table)}
          AND EXISTS (SELECT 1 FROM processes WHERE processes.number = $3)
          AND NOT EXISTS (SELECT 1 FROM ${table} AS other JOIN processes ON processes.number = other.owner
            WHERE other.profile = $1 AND other.${unit} = ${table}.${unit} AND other.finished_at IS NULL AND other.owner <> $3)
          RETURNING id`,
      },
    }
  }

  /**
   * Claims what is orphaned now, if this process has its lease, and resolves to what `readOwn` reads of it afterwards: those of
   * these rows that this process owns. Waits only a moment for another transaction: one of a process that was stopped would delay
   * the recovery of all others. What it has locked is left for the next call. A unit of which another process owns a part is left
   * to that one.
   */
  async run<Record>(
    database: PostgresProfileDatabase,
    readOwn: (db: OwnerConnection, ids: readonly string[]) => Promise<Record[]>,
  ): Promise<Record[]> {
    const { select, lock, lockFree, claim } = this.#statements
    const orphans = await database.query<Orphan>(select)
    if (orphans.length === 0) return []
    const ids = orphans.map(({ id }) => id)
    return settleOutcome({
      write: () =>
        database.writeExisting(async (tx) => {
          await tx.query(limitLockWait)
          const locked = await tx
            .attempt(() => tx.query<{ id: string }>(lock, [ids]))
            .catch(() => tx.query<{ id: string }>(lockFree, [ids]))
          // It is a statement after the lock, so that it sees which processes exist, and what other claims have committed.
          const claimed = await tx.query<{ id: string }>(claim, [listWhole(orphans, locked), tx.process])
          return readOwn(
            tx,
            claimed.map(({ id }) => id),
          )
        }),
      findCommitted: async () => {
        const own = await readOwn(database, ids)
        return own.length > 0 ? own : null
      },
    })
  }
}

/** The ids of the units of which every orphan is locked. */
function listWhole(orphans: readonly Orphan[], locked: readonly { readonly id: string }[]): string[] {
  const lockedIds = new Set(locked.map(({ id }) => id))
  const partial = new Set(orphans.flatMap(({ id, unit }) => (lockedIds.has(id) ? [] : unit)))
  return orphans.flatMap(({ id, unit }) => (partial.has(unit) ? [] : id))
}
