import { lockProfile } from '../database/lock-profile.ts'
import type { PostgresConnection, PostgresStatement, PostgresTransaction } from '../database/postgres-statement.ts'
import { settleOutcome } from '../database/transaction/settle-outcome.ts'
import type { PostgresProfileDatabase } from '../postgres-profile-database.ts'

/** A connection that knows the number of this process. */
export type OwnerConnection = PostgresConnection & Pick<PostgresTransaction, 'process'>

type OrphanTable = 'streams' | 'job_runs'

/** SQL: whether a row of a table has not ended, and its process does not exist any more. */
export function isOrphanedSql(table: OrphanTable): string {
  return `${table}.finished_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM processes WHERE processes.number = ${table}.owner)`
}

interface OrphanStatements {
  readonly select: PostgresStatement
  readonly claim: PostgresStatement
}

/** Gives the orphans of a profile to a process. */
export class OrphanClaim {
  readonly #statements: OrphanStatements

  constructor(table: OrphanTable) {
    this.#statements = {
      select: {
        name: `select-orphaned-${table}`,
        text: `SELECT id FROM ${table} WHERE profile = $1 AND ${isOrphanedSql(table)}`,
      },
      claim: {
        name: `claim-orphaned-${table}`,
        text: `UPDATE ${table} SET owner = $3 WHERE profile = $1 AND id = ANY($2::text[]) AND ${isOrphanedSql(table)}
          AND EXISTS (SELECT 1 FROM processes WHERE processes.number = $3) RETURNING id`,
      },
    }
  }

  /**
   * Claims what is orphaned now, if this process has its lease, and resolves to what `readOwn` reads of it afterwards: those of
   * these rows that this process owns.
   */
  async run<Record>(
    database: PostgresProfileDatabase,
    readOwn: (db: OwnerConnection, ids: readonly string[]) => Promise<Record[]>,
  ): Promise<Record[]> {
    const { select, claim } = this.#statements
    const ids = (await database.query<{ id: string }>(select)).map(({ id }) => id)
    if (ids.length === 0) return []
    return settleOutcome({
      write: () =>
        database.writeExisting(async (tx) => {
          // An UPDATE that waits for the rows of another claim would not look at `processes` again.
          await tx.query(lockProfile)
          const claimed = await tx.query<{ id: string }>(claim, [ids, tx.process])
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
