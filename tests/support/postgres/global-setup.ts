import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { migrate } from '../../../src/storage/postgres/database/migrate.ts'
import { PostgresDatabase } from '../../../src/storage/postgres/database/postgres-database.ts'
import { startPgBouncer } from './pgbouncer.ts'
import { startPostgresServer } from './postgres-server.ts'
import { templateName } from './test-postgres-database.ts'

/** Whether tests connect through PgBouncer. */
const usesPgBouncer = process.env['TEST_POOLER'] === 'pgbouncer'

/** Starts a server for all tests, with a database that has had the migrations: each test gets a copy of it. */
export default async function startPostgres(project: TestProject): Promise<() => Promise<void>> {
  const server = await startPostgresServer()
  const client = new pg.Client({ connectionString: server.toUrl('postgres') })
  await client.connect()
  await client.query(`CREATE DATABASE ${templateName}`)
  await client.end()
  const database = new PostgresDatabase({ url: server.toUrl(templateName) })
  await migrate(database)
  await database.close()
  project.provide('postgresUrl', server.toUrl('postgres'))
  const pooler = usesPgBouncer ? await startPgBouncer(server.host) : null
  project.provide('databaseUrl', (pooler ?? server).toUrl('postgres'))
  return async () => {
    await pooler?.[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  }
}
