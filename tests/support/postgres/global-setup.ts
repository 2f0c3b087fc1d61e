import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { migrate } from '../../../src/storage/postgres/database/migrate.ts'
import { PostgresDatabase } from '../../../src/storage/postgres/database/postgres-database.ts'
import { startPostgresServer } from './postgres-server.ts'
import { templateName } from './test-postgres-database.ts'

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
  return async () => {
    await server[Symbol.asyncDispose]()
  }
}
