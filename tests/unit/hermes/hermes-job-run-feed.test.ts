import { once } from 'node:events'
import { spawn } from 'node:child_process'
import { setImmediate } from 'node:timers/promises'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, onTestFinished, test } from 'vitest'
import { HermesJobRunFeed } from '../../../src/hermes/hermes-job-run-feed.ts'
import { followJobRuns } from '../../../src/jobs/follow-job-runs.ts'
import { Notifier } from '../../../src/lib/async/notifier.ts'
import type { FinishedJobRunQuery } from '../../../src/storage/job-store.ts'
import { type CronFields, formatResponseDocument, readOwnExecutionOwner } from '../../support/hermes/hermes-cron.ts'
import { addCronSession, hermesJobId as jobId, newCronHome } from '../../support/hermes/hermes-cron-home.ts'
import { newDb } from '../../support/hermes/hermes-fixtures.ts'

const runId = (key: string): string => `${jobId}:${key}`
const running: CronFields = { ...readOwnExecutionOwner(), status: 'running', finished_at: null }
const minute = 60_000

/** The time so many minutes ago, as Hermes writes it. */
function ago(minutes: number): string {
  return new Date(Date.now() - minutes * minute).toISOString()
}

/** A home of Hermes in UTC, and the feed of its runs, which reads it in this thread. */
function newFeed() {
  const home = newCronHome()
  writeFileSync(join(dirname(home.path), 'config.yaml'), 'timezone: UTC\n')
  const { reader } = home
  let scans = 0
  let isReaderGone = false
  const feed = new HermesJobRunFeed({
    scanRuns: async (version) => {
      if (isReaderGone) return null
      const scan = reader.scanRuns(version)
      if (scan !== 'UNCHANGED') scans += 1
      return scan
    },
    findRuns: async (ids) => (isReaderGone ? null : reader.findRuns(ids)),
    listFinishedRuns: async (query) => (isReaderGone ? null : reader.listFinishedRuns(query)),
  })
  let cursor = 0
  return {
    ...home,
    feed,
    countScans: () => scans,
    setReaderGone: (isGone: boolean) => void (isReaderGone = isGone),
    /** What a follower is told next: status by key. */
    async readChanges(onlyJobId: string | null = null) {
      await feed.loadLatestChangeSeq()
      const changes = await feed.listChangedRuns({ after: cursor, jobId: onlyJobId, limit: 100 })
      cursor = changes.at(-1)?.changeSeq ?? cursor
      return changes.map(({ run }) => [run.id.slice(run.jobId.length + 1), run.status])
    },
    async listFinished(query: Partial<FinishedJobRunQuery> = {}) {
      const runs = await feed.listFinishedRuns({
        finishedAfter: Date.now() - 60 * minute,
        jobId: null,
        limit: 9,
        ...query,
      })
      return (runs ?? []).map(({ run }) => run.id.slice(run.jobId.length + 1))
    },
  }
}

describe('a follower of the runs of Hermes', () => {
  test('is told when one begins and when it ends, each once, while Hermes writes', async () => {
    const { cron, readChanges } = newFeed()
    expect(await readChanges()).toEqual([])
    const claimed = { ...running, id: 'a', claimed_at: ago(0), started_at: null, status: 'claimed' }
    cron.writeExecutions([claimed])
    expect(await readChanges()).toEqual([['a', 'RUNNING']])
    cron.writeExecutions([{ ...claimed, started_at: ago(0), status: 'running' }])
    expect(await readChanges()).toEqual([])
    cron.writeExecutions([{ ...claimed, started_at: ago(0), status: 'failed', finished_at: ago(0), error: 'no' }])
    expect(await readChanges()).toEqual([['a', 'ERROR']])
    expect(await readChanges()).toEqual([])
  })

  test('is told the end alone of one that was short', async () => {
    const { cron, readChanges } = newFeed()
    await readChanges()
    cron.writeExecutions([{ id: 'a', claimed_at: ago(0), started_at: ago(0), finished_at: ago(0) }])
    expect(await readChanges()).toEqual([['a', 'OK']])
  })

  test('is told that the process of one was killed, and not again when Hermes notices that', async () => {
    const { cron, readChanges } = newFeed()
    const owner = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'])
    onTestFinished(() => void owner.kill('SIGKILL'))
    const execution = {
      ...running,
      ...readOwnExecutionOwner(owner.pid),
      id: 'a',
      claimed_at: ago(1),
      started_at: ago(1),
    }
    cron.writeExecutions([execution])
    expect(await readChanges()).toEqual([['a', 'RUNNING']])
    owner.kill('SIGKILL')
    await once(owner, 'exit')
    expect(await readChanges()).toEqual([['a', 'INTERRUPTED']])
    cron.writeExecutions([{ ...execution, status: 'unknown', finished_at: ago(0) }])
    expect(await readChanges()).toEqual([])
  })

  test('is told of the runs of one job only', async () => {
    const { cron, readChanges } = newFeed()
    const times = { claimed_at: ago(0), started_at: ago(0), finished_at: ago(0) }
    cron.writeExecutions([
      { id: 'a', ...times },
      { id: 'b', job_id: 'other', ...times },
    ])
    expect(await readChanges('other')).toEqual([['b', 'OK']])
  })

  test('is not told of old runs: neither at first, nor when Hermes removes their executions', async () => {
    const { cron, readChanges, listRuns } = newFeed()
    cron.writeOutput(jobId, '2026-11-22_12-00-07', formatResponseDocument('The starlings.'))
    const dayBefore = {
      claimed_at: '2026-11-21T12:00Z',
      started_at: '2026-11-21T12:00Z',
      finished_at: '2026-11-21T12:01Z',
    }
    cron.writeExecutions([{ id: 'a' }, { id: 'b', ...dayBefore }])
    expect(await readChanges()).toEqual([])
    const db = cron.openExecutionsDatabase()
    db.exec("DELETE FROM executions WHERE id = 'a'")
    db.close()
    expect(listRuns().map(({ id }) => id)).toContain(runId('2026-11-22_12-00-07'))
    expect(await readChanges()).toEqual([])
  })

  test('misses nothing while executions.db is locked, and is told nothing twice', async () => {
    const { cron, readChanges } = newFeed()
    cron.writeExecutions([{ ...running, id: 'a', claimed_at: ago(0), started_at: ago(0) }])
    expect(await readChanges()).toEqual([['a', 'RUNNING']])
    cron.writeOutput(jobId, nameOutput(0), formatResponseDocument('Hi.'))
    cron.writeExecutions([{ ...running, id: 'a', status: 'completed', finished_at: ago(0) }])
    const unlock = lockDatabase(join(cron.folder, 'executions.db'))
    expect(await readChanges()).toEqual([])
    unlock()
    expect(await readChanges()).toEqual([['a', 'OK']])
    expect(await readChanges()).toEqual([])
  })

  test('misses nothing while jobs.json is broken, and while the reader is gone', async () => {
    const { cron, readChanges, setReaderGone } = newFeed()
    await readChanges()
    const jobsFile = join(cron.folder, 'jobs.json')
    renameSync(jobsFile, `${jobsFile}.old`)
    writeFileSync(jobsFile, '{')
    cron.writeExecutions([{ ...running, id: 'a', claimed_at: ago(0), started_at: ago(0) }])
    expect(await readChanges()).toEqual([])
    renameSync(`${jobsFile}.old`, jobsFile)
    expect(await readChanges()).toEqual([['a', 'RUNNING']])
    setReaderGone(true)
    cron.writeExecutions([{ ...running, id: 'a', status: 'completed', finished_at: ago(0) }])
    expect(await readChanges()).toEqual([])
    setReaderGone(false)
    expect(await readChanges()).toEqual([['a', 'OK']])
  })

  test.each<[string, (path: string) => void]>([
    ['missing', () => undefined],
    ['no database', (path) => writeFileSync(path, 'x'.repeat(4096))],
    ['of another version', (path) => new Database(path).exec('CREATE TABLE executions (id, state)').close()],
  ])('is told of the output files of runs if executions.db is %s', async (_, write) => {
    const { cron, readChanges } = newFeed()
    write(join(cron.folder, 'executions.db'))
    cron.writeOutput(jobId, '2026-11-20_13-00-07', formatResponseDocument('Old.'))
    expect(await readChanges()).toEqual([])
    const name = nameOutput(0)
    cron.writeOutput(jobId, name, formatResponseDocument('New.'))
    expect(await readChanges()).toEqual([[name, 'OK']])
    rmSync(join(cron.folder, 'executions.db'), { force: true })
    cron.writeExecutions([{ ...running, id: 'a', claimed_at: ago(0), started_at: ago(0) }])
    expect(await readChanges()).toEqual([['a', 'RUNNING']])
  })

  test('costs no look into the files while nothing is written to them', async () => {
    const { cron, readChanges, countScans } = newFeed()
    cron.writeExecutions([{ ...running, id: 'a', claimed_at: ago(0), started_at: ago(0) }])
    // A write right after a scan can leave the same time and size: until then, each scan reads.
    for (let last = -1; last !== countScans();) {
      last = countScans()
      await readChanges()
      await setImmediate()
    }
    const scans = countScans()
    for (let i = 0; i < 5; i++) await readChanges()
    expect(countScans()).toBe(scans)
    cron.writeExecutions([{ ...running, id: 'b', claimed_at: ago(0), started_at: ago(0) }])
    expect(await readChanges()).toEqual([['b', 'RUNNING']])
  })

  test('need not be the only one: nothing is read again for any of several while nothing changes', async () => {
    const { cron, reader } = newFeed()
    cron.writeExecutions([{ id: 'a' }])
    const scanTwice = () => {
      const scan = reader.scanRuns(null)
      return scan !== 'UNCHANGED' && reader.scanRuns(scan.version)
    }
    await expect.poll(scanTwice).toBe('UNCHANGED')
    const [first, second] = [reader.scanRuns(null), reader.scanRuns(null)]
    if (first === 'UNCHANGED' || second === 'UNCHANGED') throw new Error('A first scan has everything.')
    expect(second.runs).toEqual(first.runs)
    expect([first, second].map(({ version }) => reader.scanRuns(version))).toEqual(['UNCHANGED', 'UNCHANGED'])
  })

  test('is woken up while it watches', async () => {
    const { cron, feed, readChanges } = newFeed()
    await readChanges()
    const { promise, resolve } = Promise.withResolvers<void>()
    const watch = feed.watch(resolve)
    onTestFinished(() => watch[Symbol.dispose]())
    cron.writeExecutions([{ ...running, id: 'a', claimed_at: ago(0), started_at: ago(0) }])
    await promise
    expect(await readChanges()).toEqual([['a', 'RUNNING']])
  })
})

describe('at first, there are', () => {
  test('the runs that are under way, as they are', async () => {
    const { cron, feed } = newFeed()
    cron.writeExecutions([{ ...running, id: 'a' }, { id: 'b' }, { id: 'c', status: 'running', finished_at: null }])
    await feed.loadLatestChangeSeq()
    expect((await feed.listRunningRuns())?.map(({ run }) => [run.id, run.status])).toEqual([[runId('a'), 'RUNNING']])
    cron.writeExecutions([{ ...running, id: 'a', status: 'completed', finished_at: ago(0) }])
    const latest = await feed.loadLatestChangeSeq()
    expect(await feed.listRunningRuns()).toEqual([])
    const finished = await feed.listFinishedRuns({ finishedAfter: Date.now() - minute, jobId, limit: 9 })
    expect(finished?.at(-1)).toMatchObject({ changeSeq: latest, run: { id: runId('a'), status: 'OK' } })
  })

  test('those that have finished since, oldest first, the newest of them, also by their output files and sessions', async () => {
    const { path, cron, listFinished } = newFeed()
    const execution = (id: string, minutes: number, fields: CronFields = {}) => ({
      ...{ id, claimed_at: ago(minutes + 1), started_at: ago(minutes + 1), finished_at: ago(minutes), ...fields },
    })
    cron.writeExecutions([
      execution('a', 10),
      execution('b', 20, { status: 'failed' }),
      execution('c', 61),
      execution('d', 5, { job_id: 'other' }),
      { ...running, id: 'e', claimed_at: ago(1), started_at: ago(1) },
    ])
    const stamp = nameOutput(31)
    cron.writeOutput(jobId, stamp, formatResponseDocument('No execution.'))
    addCronSession(newDb(path), { jobId: 'once', stamp: '20261118_130001', startedAt: ago(42), endedAt: ago(41) })
    expect(await listFinished()).toEqual(['20261118_130001', stamp, 'b', 'a', 'd'])
    expect(await listFinished({ limit: 2 })).toEqual(['a', 'd'])
    expect(await listFinished({ jobId: 'other' })).toEqual(['d'])
    expect(await listFinished({ finishedAfter: Date.now() - 15 * minute })).toEqual(['a', 'd'])
  })

  test.each(['executions.db is locked', 'the reader is gone'])(
    'those that could not be read because %s, each once, as soon as they can be read',
    async (reason) => {
      const { cron, feed, reader, setReaderGone } = newFeed()
      const times = { claimed_at: ago(5), started_at: ago(5), finished_at: ago(4) }
      cron.writeExecutions([
        { ...running, id: 'a', claimed_at: ago(0), started_at: ago(0) },
        { id: 'b', ...times },
      ])
      await feed.loadLatestChangeSeq()
      const notifier = new Notifier()
      const watch = feed.watch(() => notifier.notify())
      onTestFinished(() => watch[Symbol.dispose]())
      const newFollower = () =>
        followJobRuns({
          sources: [feed],
          notifier,
          findRun: async (id) => reader.findRun(id),
          jobId: null,
          finishedAfter: Date.now() - 60 * minute,
        })
      const unlock = reason === 'the reader is gone' ? null : lockDatabase(join(cron.folder, 'executions.db'))
      setReaderGone(unlock === null)
      const runs = newFollower()
      const first = runs.next()
      // It has nothing to tell yet.
      await feed.loadLatestChangeSeq()
      await feed.loadLatestChangeSeq()
      unlock?.()
      setReaderGone(false)
      const told = [(await first).value, (await runs.next()).value]
      expect(told.map((run) => [run?.id, run?.status]).toSorted()).toEqual([
        [runId('a'), 'RUNNING'],
        [runId('b'), 'OK'],
      ])
      cron.writeExecutions([
        { ...running, id: 'a', status: 'completed', finished_at: ago(0) },
        { id: 'b', ...times },
      ])
      expect((await runs.next()).value).toMatchObject({ id: runId('a'), status: 'OK' })
      await runs.return?.()
    },
  )

  test('those whose process is gone, as nobody knows when they ended', async () => {
    const { cron, listFinished } = newFeed()
    cron.writeExecutions([
      { id: 'a', status: 'running', finished_at: null },
      { id: 'b', status: 'unknown' },
    ])
    expect(await listFinished()).toEqual(['a'])
  })
})

/** Keeps other connections from reading a database. Returns what ends that. */
function lockDatabase(path: string): () => void {
  const lock = new Database(path)
  lock.pragma('locking_mode = EXCLUSIVE')
  lock.pragma('journal_mode = DELETE')
  lock.exec('BEGIN EXCLUSIVE')
  return () => {
    lock.exec('COMMIT')
    lock.close()
  }
}

/** The name of the output file of a run that ended so many minutes ago. */
function nameOutput(minutes: number): string {
  return ago(minutes).slice(0, 19).replace('T', '_').replaceAll(':', '-')
}
