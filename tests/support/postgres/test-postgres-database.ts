import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { inject, onTestFinished } from 'vitest'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The URL of the database `postgres` of the server of the tests. */
    readonly postgresUrl: string
    /** The same, through PgBouncer where the tests use it. */
    readonly databaseUrl: string
  }
}

/** The database that others are copied from. It has had the migrations. */
export const templateName = 'segue_template'

/** Databases of earlier tests of this process. Creating one takes longer than emptying it. */
const unused: string[] = []

/** The URL of a database without profiles, which has had the migrations. The test closes its connections. */
export async function useTestDatabase(): Promise<string> {
  const url = unused.pop() ?? (await createDatabase(templateName))
  onTestFinished(async () => {
    await runSql(url, 'DELETE FROM segue.profiles')
    // Servers that were killed count as running for a while.
    await endLeases(url)
    unused.push(url)
  })
  return url
}

/** The URL of a database without profiles, which has had the migrations. It exists as long as the server does. */
export function createTemplateCopy(): Promise<string> {
  return createDatabase(templateName)
}

/** As if the leases of all processes had run out: a server that starts takes over their streams at once. */
export async function endLeases(url: string): Promise<void> {
  await runSql(url, 'DELETE FROM segue.processes')
}

/** The URL of a database that no other test gets: an empty one, unless it is a copy of the `template`. */
export async function createTestDatabase(template = 'template1'): Promise<string> {
  const url = await createDatabase(template)
  onTestFinished(() => runSql(inject('postgresUrl'), `DROP DATABASE ${toName(url)} WITH (FORCE)`))
  return url
}

async function createDatabase(template: string): Promise<string> {
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await runSql(inject('postgresUrl'), `CREATE DATABASE ${name} TEMPLATE ${template}`)
  return inject('databaseUrl').replace(/postgres$/, name)
}

/** The URL of a database of the tests, without PgBouncer. */
export function toDirectUrl(url: string): string {
  return inject('postgresUrl').replace(/postgres$/, toName(url))
}

function toName(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1)
}

/** Ends all connections to a database, as when it restarts. */
export async function endConnections(url: string): Promise<void> {
  const condition = 'datname = current_database() AND pid <> pg_backend_pid()'
  await runSql(url, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${condition}`)
}

/** Runs a statement on a connection of its own. */
export async function runSql(url: string, sql: string): Promise<void> {
  await useClient(url, (client) => client.query(sql))
}

/** Runs a statement in a transaction that stays open, as that of a process that has stopped. Returns what ends it. */
export async function holdTransaction(url: string, sql: string): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  onTestFinished(() => client.end())
  await client.query('BEGIN')
  await client.query(sql)
  return async () => void (await client.query('ROLLBACK'))
}

/** How many rows a table of the installation has. */
export async function countRows(url: string, table: string): Promise<number> {
  const { rows } = await useClient(url, (client) =>
    client.query<{ count: number }>(`SELECT count(*)::integer AS count FROM segue.${table}`),
  )
  return rows[0]?.count ?? 0
}

async function useClient<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
