import { expect, onTestFinished, test } from 'vitest'
import { inspectInstallation } from '../../../src/storage/postgres/inspect-installation.ts'
import { migrate } from '../../../src/storage/postgres/database/migrate.ts'
import { PostgresDatabase } from '../../../src/storage/postgres/database/postgres-database.ts'
import {
  createTestDatabase,
  runSql,
  toDirectUrl,
  useTestDatabase,
} from '../../support/postgres/test-postgres-database.ts'

function openDatabase(url: string, schema = 'segue'): PostgresDatabase {
  const database = new PostgresDatabase({ url, schema })
  onTestFinished(() => database.close())
  return database
}

const selectPid = { name: 'test-pid', text: 'SELECT $1, pg_backend_pid() AS pid' }

const readPid = async (database: PostgresDatabase): Promise<unknown> => {
  const [row] = await database.query<{ pid: unknown }>('work', selectPid)
  return row?.pid
}

test('transactions of one client run on several sessions of PostgreSQL', async () => {
  const database = openDatabase(await useTestDatabase())
  await database.write('work', async (transaction) => {
    // Its session is in use until it ends.
    const [row] = await transaction.query<{ pid: unknown }>(selectPid)
    expect(await readPid(database)).not.toBe(row?.pid)
  })
})

test('installations of different schemas share the sessions, and each keeps to its own tables', async () => {
  const url = await createTestDatabase()
  const databases = ['one', 'two'].map((schema) => openDatabase(url, schema))
  for (const database of databases) await migrate(database)
  const insert = { name: 'test-insert', text: 'INSERT INTO profiles (name, read_marks_start) VALUES ($1, 0)' }
  const count = { name: 'test-count', text: 'SELECT count(*) AS count FROM profiles WHERE name <> $1' }
  for (const [index, database] of databases.entries())
    for (let profile = 0; profile <= index; profile += 1)
      await database.write(`p${profile}`, (transaction) => transaction.execute(insert))
  for (let round = 0; round < 5; round += 1)
    expect(await Promise.all(databases.map((database) => database.query('', count)))).toEqual([
      [{ count: 1 }],
      [{ count: 2 }],
    ])
})

test('nothing of a transaction stays in the session that others get', async () => {
  const url = await useTestDatabase()
  await Promise.all(Array.from({ length: 8 }, () => readPid(openDatabase(url))))
  const others = openDatabase(url, 'elsewhere')
  await expect(others.query('work', { name: 'test-profiles', text: 'SELECT $1, name FROM profiles' })).rejects.toThrow(
    'relation "profiles" does not exist',
  )
  await runSql(
    url,
    `DO $$ BEGIN
    IF current_setting('search_path') LIKE '%segue%' THEN RAISE 'the schema stayed'; END IF;
    IF EXISTS (SELECT 1 FROM pg_prepared_statements) THEN RAISE 'a statement stayed'; END IF;
  END $$`,
  )
})

test('doctor notices whether notifications arrive', async () => {
  const url = await useTestDatabase()
  const schema = 'segue'
  expect(await inspectInstallation({ url, listenUrl: toDirectUrl(url), schema })).toMatchObject({ isNotified: true })
  expect(await inspectInstallation({ url, listenUrl: url, schema })).toMatchObject({ isNotified: false })
})
