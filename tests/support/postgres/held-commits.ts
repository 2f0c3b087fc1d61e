import { expect } from 'vitest'
import type { PostgresDatabase } from '../../../src/storage/postgres/database/postgres-database.ts'

const lockKey = 1
/** A COMMIT that has something to insert waits for the lock. */
const triggerOn = (table: string): string => `
  CREATE FUNCTION wait_for_test() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_advisory_xact_lock(${lockKey});
    RETURN NULL;
  END $$;
  CREATE CONSTRAINT TRIGGER wait_for_test AFTER INSERT ON ${table} DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION wait_for_test()`
const isCommitting = `EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))`

/** Has each COMMIT wait that inserts into a table, until all are released. The trigger stays in the database. */
export class HeldCommits {
  readonly #database: PostgresDatabase
  readonly #holder: Promise<unknown>
  readonly #release: () => void

  private constructor(database: PostgresDatabase, holder: Promise<unknown>, release: () => void) {
    this.#database = database
    this.#holder = holder
    this.#release = release
  }

  /** `database`: connections that nothing else uses. */
  static async start(database: PostgresDatabase, table: string): Promise<HeldCommits> {
    await database.withClient((client) => client.query(triggerOn(table)))
    const [held, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const holder = database.withTransaction(async (client) => {
      await client.query('SET LOCAL idle_in_transaction_session_timeout = 0')
      await client.query('SELECT pg_advisory_xact_lock($1)', [lockKey])
      held.resolve()
      await released.promise
    })
    await held.promise
    return new HeldCommits(database, holder, released.resolve)
  }

  /** Resolves when a COMMIT waits. */
  waitForOne(): Promise<void> {
    return waitUntil(this.#database, isCommitting)
  }

  async release(): Promise<void> {
    this.#release()
    await this.#holder
  }
}

/** Resolves when a condition in SQL holds. */
export async function waitUntil(database: PostgresDatabase, condition: string): Promise<void> {
  await expect
    .poll(() => database.withClient(async (client) => (await client.query(`SELECT ${condition} AS holds`)).rows))
    .toEqual([{ holds: true }])
}
