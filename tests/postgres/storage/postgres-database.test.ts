import { expect, onTestFinished, test } from 'vitest'
import { migrate } from '../../../src/storage/postgres/database/migrate.ts'
import {
  PostgresDatabase,
  type PostgresDatabaseOptions,
} from '../../../src/storage/postgres/database/postgres-database.ts'
import type { PostgresTransaction } from '../../../src/storage/postgres/database/postgres-statement.ts'
import { PostgresProfileDatabase } from '../../../src/storage/postgres/postgres-profile-database.ts'
import { startDatabaseProxy } from '../../support/postgres/database-proxy.ts'
import { createTestDatabase, templateName, useTestDatabase } from '../../support/postgres/test-postgres-database.ts'

const insertUpload = {
  name: 'test-insert-upload',
  text: `INSERT INTO uploads (profile, id, hash, media_type, name, size, created_at)
    VALUES ($1, $2, 'hash', 'text/plain', $3, 9007199254740991, $4)`,
}
const selectUploads = {
  name: 'test-select-uploads',
  text: 'SELECT id, name, size FROM uploads WHERE profile = $1 ORDER BY id',
}
const selectTexts = { name: 'test-select-texts', text: 'SELECT $1, $2::text[] AS texts' }
const incrementCreatedAt = {
  name: 'test-increment',
  text: 'UPDATE uploads SET created_at = created_at + 1 WHERE profile = $1 AND id = $2',
}

function openDatabase(url: string, options: Pick<PostgresDatabaseOptions, 'timeoutMs'> = {}): PostgresDatabase {
  const database = new PostgresDatabase({ url, ...options })
  onTestFinished(() => database.close())
  return database
}

const openProfile = async (profile = 'work'): Promise<PostgresProfileDatabase> =>
  new PostgresProfileDatabase(openDatabase(await useTestDatabase()), profile)

/** As when the database restarts. */
const endOtherConnections = (database: PostgresDatabase): Promise<unknown> =>
  database.withClient((client) =>
    client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()`),
  )

const insert = (transaction: PostgresTransaction, id: string, name: string | null = null): Promise<number> =>
  transaction.execute(insertUpload, [id, name, 1])

test('texts keep every character, and numbers stay exact', async () => {
  const database = await openProfile()
  const name = 'a\0b\uFFFF0\uFFFF\u{1F600}'
  await database.write((transaction) => insert(transaction, 'upl_1', name))
  expect(await database.query(selectUploads)).toEqual([{ id: 'upl_1', name, size: Number.MAX_SAFE_INTEGER }])
  const texts = ['\0', '', 'a,"b"\\', null]
  expect(await database.query<{ texts: string[] }>(selectTexts, [texts])).toEqual([expect.objectContaining({ texts })])
})

test('a statement reaches the rows of its profile only', async () => {
  const shared = openDatabase(await useTestDatabase())
  const [work, home] = ['work', 'home'].map((profile) => new PostgresProfileDatabase(shared, profile))
  await work?.write((transaction) => insert(transaction, 'upl_1'))
  await home?.write((transaction) => insert(transaction, 'upl_1', 'other'))
  expect(await work?.query(selectUploads)).toHaveLength(1)
  expect(await home?.query(selectUploads)).toEqual([expect.objectContaining({ name: 'other' })])
})

test('a transaction is rolled back if it throws, and tells of nothing', async () => {
  const database = await openProfile()
  const told: string[] = []
  const failed = database.write(async (transaction) => {
    transaction.onCommitted(() => told.push('committed'))
    await insert(transaction, 'upl_1')
    await insert(transaction, 'upl_1')
  })
  await expect(failed).rejects.toMatchObject({ name: 'StorageError', failure: 'CONSTRAINT' })
  expect([await database.query(selectUploads), told]).toEqual([[], []])
  await database.write(async (transaction) => {
    await insert(transaction, 'upl_1')
    transaction.onCommitted(() => told.push('committed'))
  })
  expect([(await database.query(selectUploads)).length, told]).toEqual([1, ['committed']])
})

test('a failure that the work has caught is not committed', async () => {
  const database = await openProfile()
  const write = database.write(async (transaction) => {
    await insert(transaction, 'upl_1')
    await insert(transaction, 'upl_1').catch(() => undefined)
  })
  await expect(write).rejects.toThrow('nobody noticed')
  expect(await database.query(selectUploads)).toEqual([])
})

test('of two transactions in a deadlock, one is repeated', async () => {
  const database = await openProfile()
  await database.write(async (transaction) => {
    for (const id of ['upl_1', 'upl_2']) await insert(transaction, id)
  })
  const both = Promise.withResolvers<void>()
  let [holders, runs] = [0, 0]
  const increment = (ids: readonly string[]): Promise<void> =>
    database.write(async (transaction) => {
      runs += 1
      for (const id of ids) {
        await transaction.execute(incrementCreatedAt, [id])
        holders += 1
        if (holders === 2) both.resolve()
        await both.promise
      }
    })
  await Promise.all([increment(['upl_1', 'upl_2']), increment(['upl_2', 'upl_1'])])
  expect(runs).toBe(3)
})

test('a transaction whose connection is lost before its commit is repeated on another one', async () => {
  const shared = openDatabase(await useTestDatabase())
  const database = new PostgresProfileDatabase(shared, 'work')
  await database.write((transaction) => insert(transaction, 'upl_1'))
  let runs = 0
  await database.write(async (transaction) => {
    runs += 1
    await insert(transaction, 'upl_2')
    if (runs === 1) await endOtherConnections(shared)
    await insert(transaction, 'upl_3')
  })
  expect([runs, (await database.query(selectUploads)).length]).toEqual([2, 3])
  await endOtherConnections(shared)
  expect(await database.query(selectUploads)).toHaveLength(3)
})

test('a statement whose answer does not come is repeated on another connection', async () => {
  const proxy = await startDatabaseProxy(await useTestDatabase())
  onTestFinished(() => proxy[Symbol.asyncDispose]())
  const database = new PostgresProfileDatabase(openDatabase(proxy.databaseUrl, { timeoutMs: 200 }), 'work')
  await database.write((transaction) => insert(transaction, 'upl_1'))
  proxy.withholdRequests()
  await database.write((transaction) => insert(transaction, 'upl_2'))
  expect(await database.query(selectUploads)).toHaveLength(2)
})

test('a statement that may take long has no time limit', async () => {
  const database = new PostgresProfileDatabase(openDatabase(await useTestDatabase(), { timeoutMs: 100 }), 'work')
  await database.write((transaction) => insert(transaction, 'upl_1'))
  const text = 'UPDATE uploads SET name = pg_sleep(0.3)::text WHERE profile = $1'
  expect(await database.write((transaction) => transaction.execute({ name: 'test-sleep', text, isLong: true }))).toBe(1)
})

test('a process that stops in the middle of a transaction holds its locks for less than the half of a lease', async () => {
  const database = await openProfile()
  const text = `SELECT extract(epoch FROM current_setting('idle_in_transaction_session_timeout')::interval) AS seconds
    WHERE $1::text IS NOT NULL`
  expect(await database.query({ name: 'test-timeout', text })).toEqual([{ seconds: 5 }])
})

test('the reads of a snapshot do not see what is committed between them', async () => {
  const database = await openProfile()
  const counts = await database.readSnapshot(async (connection) => {
    const before = await connection.query(selectUploads)
    await database.write((transaction) => insert(transaction, 'upl_1'))
    return [before.length, (await connection.query(selectUploads)).length]
  })
  expect([counts, (await database.query(selectUploads)).length]).toEqual([[0, 0], 1])
})

test('a database that cannot be reached is an error of storage', async () => {
  const database = openDatabase('postgres://segue@127.0.0.1:9/segue')
  const failed = database.query('work', selectUploads)
  await expect(failed).rejects.toMatchObject({ name: 'StorageError', failure: 'UNREACHABLE' })
})

test('processes that start together create the tables once', async () => {
  const url = await createTestDatabase()
  const databases = Array.from({ length: 3 }, () => openDatabase(url))
  await Promise.all(databases.map(migrate))
  await Promise.all(databases.map(migrate))
  const [first] = databases
  expect(await first?.query('work', selectUploads)).toEqual([])
})

test('tables of a newer Segue are left alone', async () => {
  const database = openDatabase(await createTestDatabase(templateName))
  await database.withClient((client) => client.query('UPDATE schema_version SET version = 1000'))
  await expect(migrate(database)).rejects.toThrow('Start the newer Segue')
})
