import { expect, onTestFinished, test } from 'vitest'
import { PostgresDatabase } from '../../../src/storage/postgres/database/postgres-database.ts'
import { ProcessLease, type ProcessLeaseOptions } from '../../../src/storage/postgres/processes/process-lease.ts'
import { waitUntil } from '../../support/postgres/held-commits.ts'
import { startDatabaseProxy } from '../../support/postgres/database-proxy.ts'
import { openTestInstallation } from '../../support/postgres/test-installation.ts'
import { holdTransaction, toDirectUrl, useTestDatabase } from '../../support/postgres/test-postgres-database.ts'
import { sessionOf } from '../../unit/storage/contract/records.ts'

function openDatabase(url: string, timeoutMs?: number): PostgresDatabase {
  const database = new PostgresDatabase({ url, ...(timeoutMs !== undefined && { timeoutMs }) })
  onTestFinished(() => database.close())
  return database
}

/** The lease of a process, and the numbers that it was given. */
async function acquire(options: Pick<ProcessLeaseOptions, 'database'> & Partial<ProcessLeaseOptions>) {
  const numbers: number[] = []
  const errors: unknown[] = []
  const lease = await ProcessLease.acquire({
    durationMs: 60_000,
    renewalIntervalMs: 20,
    onRenewed: () => undefined,
    onNumber: (number) => numbers.push(number),
    onError: (error) => errors.push(error),
    ...options,
  })
  onTestFinished(() => lease.close())
  return { numbers, errors, lease }
}

interface ProcessRow {
  readonly number: number
  readonly lease_until: Date
  readonly configuration: string
}

async function listProcesses(database: PostgresDatabase): Promise<ProcessRow[]> {
  const { rows } = await database.withClient((client) => client.query<ProcessRow>('SELECT * FROM processes'))
  return rows
}

/** Waits until the only process has renewed its lease twice: the second time has begun after the call. */
async function waitForRenewal(database: PostgresDatabase): Promise<void> {
  for (let count = 0; count < 2; count += 1) {
    const [before] = await listProcesses(database)
    await expect
      .poll(async () => (await listProcesses(database))[0]?.lease_until.getTime())
      .toBeGreaterThan(before?.lease_until.getTime() ?? Infinity)
  }
}

test('a process that has lost its lease gets a new number', async () => {
  const database = openDatabase(await useTestDatabase())
  const { numbers } = await acquire({ database })
  await database.withClient((client) => client.query('DELETE FROM processes'))
  await expect.poll(() => numbers).toHaveLength(2)
  expect(numbers[1]).toBeGreaterThan(numbers[0] ?? Infinity)
})

test('a number is not given twice, even if a database that has taken over knows nothing of the first process', async () => {
  const database = openDatabase(await useTestDatabase())
  const first = await acquire({ database, renewalIntervalMs: 1_000_000 })
  await database.withClient(async (client) => {
    await client.query('DELETE FROM processes')
    // A replica that is behind would also be behind with a sequence.
    await client.query(`SELECT setval(pg_get_serial_sequence('processes', 'number'), $1, false)`, [first.numbers[0]])
  })
  const second = await acquire({ database })
  expect(second.numbers[0]).not.toBe(first.numbers[0])
})

test('a process keeps its lease while all its connections wait for a row that a stopped process has locked', async () => {
  const url = await useTestDatabase()
  const other = openDatabase(toDirectUrl(url))
  const lease = { durationMs: 60_000, renewalIntervalMs: 20 }
  const { eventStore } = (await openTestInstallation(url, { maxConnections: 1, lease })).openStorage({
    profile: 'work',
  })
  const session = sessionOf()
  await eventStore.createSession({ session, messages: [] })
  const release = await holdTransaction(
    toDirectUrl(url),
    `SELECT 1 FROM segue.sessions WHERE id = '${session.id}' FOR UPDATE`,
  )
  const deletion = eventStore.deleteSessions([session.id])
  await waitUntil(
    other,
    `EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')`,
  )
  await waitForRenewal(other)
  await release()
  await deletion
})

test('a lease is renewed while the configuration cannot be read, or reading it takes for ever', async () => {
  const database = openDatabase(await useTestDatabase())
  let readings = 0
  const hashConfiguration = (): Promise<string> => {
    readings += 1
    if (readings === 1) return Promise.resolve('first')
    return readings === 2 ? Promise.reject(new Error('EIO')) : new Promise(() => undefined)
  }
  const { errors } = await acquire({ database, hashConfiguration })
  await expect.poll(() => readings).toBe(3)
  await waitForRenewal(database)
  expect(errors).toEqual([new Error('EIO')])
  expect(await listProcesses(database)).toMatchObject([{ configuration: 'first' }])
})

test('a process whose configuration is not known yet is compared with none', async () => {
  const database = openDatabase(await useTestDatabase())
  const compared: boolean[] = []
  const reading = Promise.withResolvers<string>()
  await acquire({
    database,
    hashConfiguration: () => reading.promise,
    onConfigurationsCompared: () => compared.push(false),
  })
  await acquire({
    database,
    hashConfiguration: () => Promise.resolve('one'),
    onConfigurationsCompared: (areEqual) => compared.push(areEqual),
  })
  await expect.poll(() => compared).toContain(true)
  expect(compared).not.toContain(false)
  reading.resolve('another')
  await expect.poll(() => compared).toContain(false)
})

test('a lease is renewed over another connection if the database does not answer on the one that was used', async () => {
  const url = await useTestDatabase()
  const proxy = await startDatabaseProxy(url)
  onTestFinished(() => proxy[Symbol.asyncDispose]())
  await acquire({ database: openDatabase(proxy.databaseUrl, 200) })
  const other = openDatabase(toDirectUrl(url))
  await waitForRenewal(other)
  proxy.withholdRequests()
  await waitForRenewal(other)
})

test('a process that has stopped while it removed another one does not keep a lease from being renewed', async () => {
  const url = await useTestDatabase()
  const database = openDatabase(url)
  const expired = await acquire({ database, renewalIntervalMs: 1_000_000, durationMs: 0 })
  const release = await holdTransaction(
    toDirectUrl(url),
    `SELECT 1 FROM segue.processes WHERE number = ${expired.numbers[0]} FOR UPDATE`,
  )
  const { lease } = await acquire({ database })
  const renewed = Promise.withResolvers<void>()
  await acquire({ database, onRenewed: () => renewed.resolve() })
  await renewed.promise
  await release()
  await lease.close()
})
