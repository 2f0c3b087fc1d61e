import { expect, onTestFinished, test } from 'vitest'
import { PostgresDatabase } from '../../../src/storage/postgres/database/postgres-database.ts'
import type { PostgresTransaction } from '../../../src/storage/postgres/database/postgres-statement.ts'
import { PostgresProfileDatabase } from '../../../src/storage/postgres/postgres-profile-database.ts'
import { type DatabaseProxy, startDatabaseProxy } from '../../support/postgres/database-proxy.ts'
import { HeldCommits, waitUntil } from '../../support/postgres/held-commits.ts'
import { createTestDatabase, runSql, templateName, toDirectUrl } from '../../support/postgres/test-postgres-database.ts'

const profile = 'work'
const upload = 'upl_1'
const insertUpload = {
  name: 'test-insert-upload',
  text: `INSERT INTO uploads (profile, id, hash, media_type, size, created_at) VALUES ($1, $2, 'hash', 'text/plain', 1, 1)`,
}
const selectUploads = { name: 'test-select-uploads', text: 'SELECT id FROM uploads WHERE profile = $1' }
/** What a test waits for with `until`. Nothing of it is seen before the commit. */
const isStored = `EXISTS (SELECT 1 FROM segue.uploads)`

interface Subject {
  readonly proxy: DatabaseProxy
  /** Through the proxy. */
  readonly database: PostgresProfileDatabase
  /** Another connection, without the proxy. */
  readonly direct: PostgresDatabase
  readonly directUrl: string
}

async function startSubject(): Promise<Subject> {
  const url = await createTestDatabase(templateName)
  const directUrl = toDirectUrl(url)
  const proxy = await startDatabaseProxy(url)
  const [shared, direct] = [proxy.databaseUrl, directUrl].map((each) => new PostgresDatabase({ url: each }))
  if (!shared || !direct) throw new Error('There are two.')
  onTestFinished(async () => {
    await Promise.all([shared.close(), direct.close()])
    await proxy[Symbol.asyncDispose]()
  })
  const database = new PostgresProfileDatabase(shared, profile)
  // It adds the row of the profile.
  await database.write((transaction) => transaction.query(selectUploads))
  return { proxy, database, direct, directUrl }
}

interface Write {
  /** Called at the end of the first run, before its COMMIT is sent. */
  readonly beforeCommit: () => void | Promise<void>
}

/** Inserts a row. `runs` counts the attempts, `told` what is done after the commit. */
function startWrite({ database }: Subject, { beforeCommit }: Write) {
  const counts = { runs: 0, told: 0 }
  const result = database.write(async (transaction: PostgresTransaction) => {
    counts.runs += 1
    transaction.onCommitted(() => (counts.told += 1))
    const count = await transaction.execute(insertUpload, [upload])
    // Its answer comes after that to the question for the id.
    await transaction.query(selectUploads)
    if (counts.runs === 1) await beforeCommit()
    return count
  })
  // A test that waits for something else first is not to end because of it.
  result.catch(() => undefined)
  return { counts, result }
}

test('a transaction that was committed, but whose answer was lost, succeeds and is not repeated', async () => {
  const subject = await startSubject()
  const { proxy, direct } = subject
  const { counts, result } = startWrite(subject, { beforeCommit: () => proxy.withholdResponses() })
  await waitUntil(direct, isStored)
  proxy.resetConnections()
  expect(await result).toBe(1)
  expect(counts).toEqual({ runs: 1, told: 1 })
})

test('a transaction whose COMMIT does not arrive is repeated', async () => {
  const subject = await startSubject()
  const { proxy, database } = subject
  const { counts, result } = startWrite(subject, {
    beforeCommit: () => {
      proxy.withholdRequests()
      setImmediate(() => proxy.resetConnections())
    },
  })
  expect(await result).toBe(1)
  expect(counts).toEqual({ runs: 2, told: 1 })
  expect(await database.query(selectUploads)).toHaveLength(1)
})

test('while a COMMIT without an answer is in progress, its end is waited for', async () => {
  const subject = await startSubject()
  const { proxy, database, direct } = subject
  const held = await HeldCommits.start(direct, 'segue.uploads')
  const { counts, result } = startWrite(subject, { beforeCommit: () => proxy.withholdResponses() })
  await held.waitForOne()
  const connections = proxy.connectionCount
  proxy.resetConnections()
  await expect.poll(() => proxy.connectionCount).toBeGreaterThan(connections)
  expect(counts).toEqual({ runs: 1, told: 0 })
  await held.release()
  expect(await result).toBe(1)
  expect(counts).toEqual({ runs: 1, told: 1 })
  expect(await database.query(selectUploads)).toHaveLength(1)
})

test('a transaction whose COMMIT never comes is ended, and repeated, if its server has not noticed that the client is gone', async () => {
  const subject = await startSubject()
  const { proxy, database } = subject
  const { counts, result } = startWrite(subject, {
    beforeCommit: () => {
      proxy.withholdRequests()
      setImmediate(() => proxy.resetClients())
    },
  })
  expect(await result).toBe(1)
  expect(counts).toEqual({ runs: 2, told: 1 })
  expect(await database.query(selectUploads)).toHaveLength(1)
})

test('a COMMIT that its server does not know of is an error, and is not repeated', async () => {
  const subject = await startSubject()
  const { proxy, direct, directUrl } = subject
  const { counts, result } = startWrite(subject, { beforeCommit: () => proxy.withholdResponses() })
  await waitUntil(direct, isStored)
  // As after a crash: another transaction may have got the id.
  await runSql(directUrl, `SELECT pg_stat_reset_shared('bgwriter')`)
  proxy.resetConnections()
  await expect(result).rejects.toMatchObject({ name: 'StorageError', failure: 'UNREACHABLE' })
  expect(counts).toEqual({ runs: 1, told: 0 })
})

test('a COMMIT without an answer is an error if the database stays unreachable', async () => {
  const subject = await startSubject()
  const { proxy, direct } = subject
  const { counts, result } = startWrite(subject, { beforeCommit: () => proxy.withholdResponses() })
  await waitUntil(direct, isStored)
  proxy.refuseConnections()
  await expect(result).rejects.toMatchObject({ name: 'StorageError', failure: 'UNREACHABLE' })
  expect(counts).toEqual({ runs: 1, told: 0 })
})

test('a transaction that has written nothing is repeated if its COMMIT gets no answer', async () => {
  const { proxy, database } = await startSubject()
  let runs = 0
  const rows = await database.readSnapshot(async (connection) => {
    runs += 1
    if (runs === 1) setImmediate(() => proxy.resetConnections())
    if (runs === 1) proxy.withholdResponses()
    return runs === 1 ? [] : connection.query(selectUploads)
  })
  expect([runs, rows]).toEqual([2, []])
})

test('the question for the id of a transaction takes no round trip of its own', async () => {
  const { proxy, database } = await startSubject()
  const write = (id: string): Promise<number> =>
    database.write((transaction) => transaction.execute(insertUpload, [id]))
  await write('upl_1')
  const before = proxy.roundTripCount
  await write('upl_2')
  // BEGIN, the statement, and COMMIT.
  expect(proxy.roundTripCount - before).toBe(3)
})
