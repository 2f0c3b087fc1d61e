import type pg from 'pg'
import { withoutTimeout } from '../connection-timeouts.ts'
import { toStorageError } from '../postgres-errors.ts'
import type { PostgresStatement, PostgresTransaction, PostgresValue } from '../postgres-statement.ts'
import { toDriverValue } from '../value-conversion.ts'
import type { WrittenTransactionReader } from './transaction-outcome.ts'

type Client = Pick<pg.ClientBase, 'query'>

/** How the statements of a profile are run. */
export interface StatementContext {
  readonly client: Client
  readonly profile: string
  /** Whether the connection prepares statements under their names. */
  readonly isNamed: boolean
}

export interface TransactionContext extends StatementContext {
  /** The fencing number of this process; see `ProcessLease`. */
  readonly process: number
  /** Gets what is to be done after the commit. */
  readonly committed: (() => void)[]
  readonly written: WrittenTransactionReader
}

/** The statements of a transaction that has begun. */
export function createTransaction({
  process,
  committed,
  written,
  ...context
}: TransactionContext): PostgresTransaction {
  const { client, profile } = context
  const run = <Row extends object>(
    statement: PostgresStatement,
    values: readonly PostgresValue[] = [],
  ): Promise<pg.QueryResult<Row>> => {
    const result = runStatement<Row>(context, statement, values)
    if (!statement.text.startsWith('SELECT')) written.ask(statement)
    return result
  }
  return {
    profile,
    process,
    query: async <Row extends object>(statement: PostgresStatement, values?: readonly PostgresValue[]) =>
      (await run<Row>(statement, values)).rows,
    execute: async (statement, values) => (await run(statement, values)).rowCount ?? 0,
    onCommitted: (action) => committed.push(action),
    attempt: (work) => runAttempt(client, work),
  }
}

async function runAttempt<Result>(client: Client, work: () => Promise<Result>): Promise<Result> {
  await client.query('SAVEPOINT attempt')
  try {
    const result = await work()
    await client.query('RELEASE SAVEPOINT attempt')
    return result
  } catch (error) {
    await client.query('ROLLBACK TO SAVEPOINT attempt')
    throw toStorageError(error)
  }
}

/** Sends a statement. `values` are $2, $3, … */
export function runStatement<Row extends object>(
  { client, profile, isNamed }: StatementContext,
  { name, text, isLong }: PostgresStatement,
  values: readonly PostgresValue[],
): Promise<pg.QueryResult<Row>> {
  return client.query<Row>({
    ...(isNamed && { name }),
    ...(isLong && withoutTimeout),
    text,
    values: [profile, ...values].map(toDriverValue),
  })
}
