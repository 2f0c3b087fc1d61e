import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { PageRequest } from '../../../../src/lib/pagination.ts'
import {
  formatResponseDocument,
  type HermesCron,
  newHermesJob,
  readOwnExecutionOwner,
} from '../../../support/hermes/hermes-cron.ts'
import { addCronSession, hermesJobId as jobId, newCronHome } from '../../../support/hermes/hermes-cron-home.ts'
import { firstPage, lastPage, newDb } from '../../../support/hermes/hermes-fixtures.ts'

const unreadable = "warn: A file of Hermes' jobs cannot be read. Its contents are left out until it can be."
const recovered = "info: A file of Hermes' jobs can be read again."
const minute = 60_000

function formatUtc(time: number): string {
  return new Date(time).toISOString().replace('Z', '000+00:00')
}

describe('without a readable executions.db, runs are read from output files and sessions', () => {
  /** A home with a run in its output folder and one that has only a session. */
  function newHomeWithoutExecutions() {
    const home = newCronHome()
    home.cron.writeOutput(jobId, '2026-11-22_13-00-07', formatResponseDocument('The starlings.'))
    const hermes = newDb(home.path)
    addCronSession(hermes, { stamp: '20261122_130001', startedAt: '2026-11-22T12:00:01Z' })
    addCronSession(hermes, {
      stamp: '20261121_130001',
      startedAt: '2026-11-21T12:00:01Z',
      endedAt: '2026-11-21T12:00:08Z',
    })
    return home
  }
  const runs = [
    {
      id: `${jobId}:2026-11-22_13-00-07`,
      status: 'OK',
      output: 'The starlings.',
      sessionId: `cron_${jobId}_20261122_130001`,
    },
    { id: `${jobId}:20261121_130001`, status: 'OK', output: null, sessionId: `cron_${jobId}_20261121_130001` },
  ]

  test('because it is missing', () => {
    const { listRuns, reader, log } = newHomeWithoutExecutions()
    expect(listRuns()).toMatchObject(runs)
    expect(reader.listJobs()).toMatchObject([{ id: jobId, state: 'SCHEDULED' }])
    expect(log).toEqual([])
  })

  test.each([
    ['it is empty', (path: string) => writeFileSync(path, '')],
    ['it is no database', (path: string) => writeFileSync(path, 'x'.repeat(10_000))],
    ['it is a folder', (path: string) => mkdirSync(path)],
    ['its pages are corrupt', corruptPages],
    [
      'it has another table',
      (_: string, cron: HermesCron) => alterExecutions(cron, 'ALTER TABLE executions RENAME TO runs'),
    ],
    [
      'it lacks a column',
      (_: string, cron: HermesCron) => alterExecutions(cron, 'ALTER TABLE executions DROP COLUMN pid'),
    ],
  ])('because %s, which is logged once, until it can be read', (_, spoil) => {
    const { cron, reader, log, listRuns } = newHomeWithoutExecutions()
    const path = join(cron.folder, 'executions.db')
    spoil(path, cron)
    expect(listRuns()).toMatchObject(runs)
    expect(reader.listJobs()).toMatchObject([{ id: jobId, state: 'SCHEDULED' }])
    expect(reader.findRun(`${jobId}:2026-11-22_13-00-07`)).toMatchObject({ output: 'The starlings.' })
    expect(log).toEqual([unreadable])
    for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { recursive: true, force: true })
    cron.writeExecutions([{}])
    expect(listRuns().map(({ status, output }) => [status, output])).toEqual([
      ['OK', 'The starlings.'],
      ['OK', null],
    ])
    expect(reader.findRun(`${jobId}:${'1'.repeat(32)}`)).toMatchObject({ output: 'The starlings.' })
    expect(log).toEqual([unreadable, recovered])
  })

  test('because it is locked: it is waited for once', () => {
    const { cron, log, listRuns } = newHomeWithoutExecutions()
    const db = cron.openExecutionsDatabase()
    db.pragma('journal_mode = DELETE')
    db.exec('BEGIN EXCLUSIVE')
    expect(listRuns()).toMatchObject(runs)
    expect(listRuns()).toMatchObject(runs)
    expect(log).toEqual([unreadable])
    db.exec('COMMIT')
    db.close()
    cron.writeExecutions([{}])
    expect(listRuns()).toMatchObject([{ id: `${jobId}:${'1'.repeat(32)}` }, { status: 'OK' }])
  })

  test('a claim in the job says whether it is running; with executions, they do', () => {
    const { cron, reader } = newCronHome()
    cron.writeCombined([newHermesJob({ run_claim: { at: new Date().toISOString(), by: 'host:1' } })])
    expect(reader.findJob(jobId)).toMatchObject({ state: 'RUNNING' })
    cron.writeExecutions([{ status: 'running', finished_at: null }])
    expect(reader.findJob(jobId)).toMatchObject({ state: 'SCHEDULED' })
    cron.writeCombined([newHermesJob({ run_claim: null })])
    cron.writeExecutions([{ status: 'claimed', finished_at: null, ...readOwnExecutionOwner() }])
    expect(reader.findJob(jobId)).toMatchObject({ state: 'RUNNING' })
    expect(reader.listJobs()).toMatchObject([{ state: 'RUNNING' }])
  })

  test('a run of a one-time job, which Hermes counts when it starts, counts when it has ended', () => {
    const { cron, reader } = newCronHome()
    const schedule = { kind: 'once', run_at: '2026-11-22T13:00:00+01:00', display: 'once' }
    cron.writeCombined([newHermesJob({ schedule, repeat: { times: 1, completed: 1 } })])
    cron.writeExecutions([{ status: 'running', finished_at: null, ...readOwnExecutionOwner() }])
    expect(reader.findJob(jobId)).toMatchObject({ completedRuns: 0 })
    cron.writeExecutions([{ status: 'unknown' }])
    expect(reader.findJob(jobId)).toMatchObject({ completedRuns: 1 })
  })

  test('a claim of the future is stale', () => {
    const { cron, reader } = newCronHome()
    cron.writeCombined([newHermesJob({ run_claim: { at: '2999-01-01T00:00:00+00:00', by: 'host:1' } })])
    expect(reader.findJob(jobId)).toMatchObject({ state: 'SCHEDULED' })
  })
})

test('a row of executions.db that is being written is read as it was, and nothing is written', () => {
  const { cron, listRuns } = newCronHome()
  cron.writeExecutions([{ status: 'claimed', started_at: null, finished_at: null }])
  const db = cron.openExecutionsDatabase()
  db.exec("BEGIN IMMEDIATE; UPDATE executions SET status = 'completed'")
  const read = (): Buffer[] => ['', '-wal'].map((suffix) => readFileSync(join(cron.folder, `executions.db${suffix}`)))
  const before = read()
  expect(listRuns()).toMatchObject([{ status: 'INTERRUPTED' }])
  expect(read()).toEqual(before)
  db.exec('COMMIT')
  expect(listRuns()).toMatchObject([{ status: 'OK' }])
  db.close()
  expect(
    readdirSync(cron.folder)
      .filter((name) => name.startsWith('executions'))
      .sort()[0],
  ).toBe('executions.db')
})

describe('a job that Hermes has removed', () => {
  const removedJob = {
    origin: 'HERMES',
    profile: 'default',
    prompt: '',
    schedule: '',
    timezone: 'Europe/Stockholm',
    recurring: false,
    model: null,
    enabled: false,
    state: 'COMPLETED',
    scheduleError: null,
    runningTrigger: null,
    repeatLimit: null,
    skippedRuns: 0,
    nextRunAt: null,
  }
  const createdAt = (time: string) => ({ createdAt: Date.parse(time), anchor: Date.parse(time) })

  test('is listed while it has executions, output files or sessions, after the others, oldest first', () => {
    const { path, cron, reader, listRuns } = newCronHome()
    const ids = ['limited', 'once', 'pre_ledger_1']
    cron.writeExecutions([
      {},
      { id: '3', job_id: 'limited' },
      { id: '4', job_id: 'limited', status: 'failed', error: 'no' },
    ])
    cron.writeOutput('once', '2026-11-22_12-00-07', formatResponseDocument('Reminder.'))
    cron.writeOutput('.hidden', '2026-11-22_12-00-07', formatResponseDocument('x'))
    mkdirSync(join(cron.folder, 'output', 'empty'))
    writeFileSync(join(cron.folder, 'output', 'file'), '')
    const hermes = newDb(path)
    addCronSession(hermes, { jobId: 'pre_ledger_1', stamp: '20261122_110001', startedAt: '2026-11-22T10:00:01Z' })
    hermes.addSession('cron_20261122_110001', {})
    hermes.addSession('cron_x_2026', {})
    hermes.addSession('crone_x_20261122_110001', {})
    const removed = [
      {
        ...removedJob,
        id: 'pre_ledger_1',
        name: 'pre_ledger_1',
        completedRuns: 1,
        ...createdAt('2026-11-22T10:00:01Z'),
      },
      { ...removedJob, id: 'once', name: 'once', completedRuns: 1, ...createdAt('2026-11-22T11:00:07Z') },
      { ...removedJob, id: 'limited', name: 'limited', completedRuns: 2, ...createdAt('2026-11-22T12:00:00.75Z') },
    ]
    expect(reader.listJobs().slice(1)).toEqual(removed)
    expect(reader.listJobs()[0]).toMatchObject({ id: jobId, name: 'Birds' })
    expect(ids.map((id) => reader.findJob(id))).toEqual(ids.map((id) => removed.find((job) => job.id === id)))
    expect(ids.map((id) => listRuns(id).map(({ status }) => status))).toEqual([
      ['ERROR', 'OK'],
      ['OK'],
      ['INTERRUPTED'],
    ])
    for (const run of ids.flatMap((id) => listRuns(id))) expect(reader.findRun(run.id)).toEqual(run)
    for (const id of ['nobody', 'empty', '.hidden', 'file', '']) expect(reader.findJob(id), id).toBeNull()
  })

  test('is listed if jobs.json is missing or empty, and no job seems removed while it cannot be read', () => {
    const { cron, reader } = newCronHome()
    cron.writeExecutions([{}])
    cron.writeRaw('{"jobs": [')
    expect([reader.listJobs(), reader.findJob(jobId), reader.listRuns(jobId, firstPage(9))]).toEqual([[], null, []])
    cron.writeCombined([])
    expect(reader.listJobs()).toMatchObject([{ id: jobId, name: jobId, state: 'COMPLETED' }])
    rmSync(join(cron.folder, 'jobs.json'))
    expect(reader.listJobs()).toMatchObject([{ id: jobId, name: jobId, state: 'COMPLETED' }])
  })
})

describe('thousands of runs', () => {
  const start = Date.parse('2026-01-01T00:00:00Z')

  /** 1,000 executions after 2,000 sessions without one, with the output files of the newest 50. */
  function newLongHome() {
    const home = newCronHome()
    const hermes = newDb(home.path)
    hermes.db.transaction(() => {
      for (let index = 0; index < 2000; index += 1) {
        const time = start + index * minute
        const stamp = new Date(time + 60 * minute).toISOString().replaceAll(/[-:]/g, '').replace('T', '_').slice(0, 15)
        addCronSession(hermes, { stamp, startedAt: formatUtc(time), endedAt: formatUtc(time + 9000) })
      }
    })()
    home.cron.writeExecutions(Array.from({ length: 1000 }, (_, index) => newExecutionAt(2000 + index)))
    for (let index = 2950; index < 3000; index += 1) {
      const name = new Date(start + index * minute + 65 * minute).toISOString().slice(0, 19)
      home.cron.writeOutput(jobId, name.replace('T', '_').replaceAll(':', '-'), formatResponseDocument(`${index}`))
    }
    return home
  }

  const newExecutionAt = (index: number) => {
    const time = start + index * minute
    const id = `${(index * 7919) % 10_007}`
    return {
      id,
      claimed_at: formatUtc(time),
      started_at: formatUtc(time + 1),
      finished_at: formatUtc(time + 9 * minute),
    }
  }

  test('are paged in both directions, each once, also while runs are added and removed', () => {
    const { cron, reader, listRuns } = newLongHome()
    const whole = listRuns().map(({ id }) => id)
    expect(new Set(whole).size).toBe(3000)
    const readPages = (newPage: (key: number | null) => PageRequest<number>, onPage: () => void) => {
      const pages: string[][] = []
      for (let key: number | null = null; ;) {
        const request = newPage(key)
        const page = reader.listRuns(jobId, request)
        if (page.length === 0) return pages
        pages.push(page.map(({ id }) => id))
        key = (request.backwards ? page[0] : page.at(-1))?.position ?? null
        onPage()
      }
    }
    let added = 3000
    const forwards = readPages(
      (key) => firstPage(701, key),
      () => cron.writeExecutions([newExecutionAt(added++)]),
    )
    expect(forwards.flat()).toEqual(whole)
    const backwards = readPages(
      (key) => lastPage(701, key),
      () => undefined,
    )
    expect(
      backwards
        .toReversed()
        .flat()
        .slice(added - 3000),
    ).toEqual(whole)
  })

  test('rows of the same microsecond are in the order of their ids, and each has a place of its own', () => {
    const { cron, reader, listRuns } = newCronHome()
    cron.writeExecutions(['b', 'd', 'a', 'c'].map((id) => ({ id })))
    expect(listRuns().map(({ id }) => id)).toEqual(['d', 'c', 'b', 'a'].map((id) => `${jobId}:${id}`))
    const [, second] = listRuns()
    expect(reader.listRuns(jobId, firstPage(2, second?.position)).map(({ id }) => id)).toEqual(
      ['b', 'a'].map((id) => `${jobId}:${id}`),
    )
  })

  test('positions of an earlier version, the digits of the local time of an output file, are still places', () => {
    const { cron, reader } = newCronHome()
    cron.writeExecutions([
      {},
      {
        id: '2',
        claimed_at: '2026-11-22T14:00:00+01:00',
        started_at: '2026-11-22T14:00:00+01:00',
        finished_at: '2026-11-22T14:20:00+01:00',
      },
    ])
    cron.writeOutput(jobId, '2026-11-22_14-19-59', formatResponseDocument('Late.'))
    cron.writeOutput(jobId, '2026-11-22_13-00-07', formatResponseDocument('Early.'))
    const after = (position: number) => reader.listRuns(jobId, firstPage(9, position)).map(({ output }) => output)
    expect(after(20261122141959)).toEqual(['Early.'])
    expect(after(20261122150000)).toEqual(['Late.', 'Early.'])
    expect(after(20261122130007)).toEqual([])
    expect(reader.listRuns(jobId, lastPage(9, 20261122130007)).map(({ output }) => output)).toEqual(['Late.'])
    for (const position of [5, 0, -1, 19700101000000]) expect(after(position), `${position}`).toEqual([])
    expect(reader.listRuns(jobId, lastPage(9, 5))).toHaveLength(2)
  })
})

test('an output file that cannot be read costs a page no other run', () => {
  const { cron, reader } = newCronHome()
  for (const hour of ['10', '11', '12', '13'])
    cron.writeOutput(jobId, `2026-11-22_${hour}-00-00`, formatResponseDocument(hour))
  writeFileSync(join(cron.folder, 'output', jobId, '2026-11-22_12-00-00.md'), Buffer.alloc(16_777_217))
  const read = (page: PageRequest<number>) => reader.listRuns(jobId, page).map(({ output }) => output)
  expect(read(firstPage(2))).toEqual(['13', '11'])
  expect(read(lastPage(3))).toEqual(['13', '11', '10'])
})

function alterExecutions(cron: HermesCron, sql: string): void {
  cron.writeExecutions([{}])
  const db = cron.openExecutionsDatabase()
  db.exec(sql)
  db.close()
}

function corruptPages(path: string, cron: HermesCron): void {
  cron.writeExecutions(Array.from({ length: 200 }, (_, index) => ({ id: `${index}` })))
  const bytes = readFileSync(path)
  bytes.fill(0xff, 4096)
  writeFileSync(path, bytes)
}

test('a run has what Hermes has counted for its session, and none if an older Hermes has counted nothing', () => {
  const { path, listRuns } = newCronHome()
  const hermes = newDb(path)
  const counts = { input_tokens: 100, output_tokens: 50, reasoning_tokens: 20 }
  addCronSession(hermes, { stamp: '20261122_130001', startedAt: '2026-11-22T12:00:01Z' })
  addCronSession(hermes, {
    stamp: '20261121_130001',
    startedAt: '2026-11-21T12:00:01Z',
    row: { ...counts, cache_read_tokens: 30, cache_write_tokens: 10 },
  })
  addCronSession(hermes, {
    stamp: '20261120_130001',
    startedAt: '2026-11-20T12:00:01Z',
    row: { ...counts, output_tokens: 'many' },
  })
  const [begun, counted, odd] = listRuns().map(({ usage }) => usage)
  expect(begun).toMatchObject({ inputTokens: 0, outputTokens: 0 })
  expect(counted).toEqual({
    estimated: false,
    inputTokens: 140,
    outputTokens: 50,
    reasoningTokens: 20,
    cachedInputTokens: 30,
  })
  expect(odd).toMatchObject({ estimated: true, inputTokens: 100, outputTokens: 20 })
  for (const column of ['input', 'output', 'reasoning', 'cache_read', 'cache_write'])
    hermes.db.exec(`ALTER TABLE sessions DROP COLUMN ${column}_tokens`)
  expect(listRuns().map(({ usage }) => usage)).toEqual([null, null, null])
})
