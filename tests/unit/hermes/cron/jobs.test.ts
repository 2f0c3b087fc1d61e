import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { JobRecord } from '../../../../src/model/job.ts'
import { type CronFields, HermesCron, newHermesJob } from '../../../support/hermes/hermes-cron.ts'
import { newStatePath, newReader } from '../../../support/hermes/hermes-fixtures.ts'

const recovered = "info: A file of Hermes' jobs can be read again."
const unreadable = "warn: A file of Hermes' jobs cannot be read. Its contents are left out until it can be."

/** A home of Hermes in the time zone of Stockholm, and a reader of it. */
function newHome() {
  const path = newStatePath()
  const cron = new HermesCron(dirname(path))
  writeFileSync(
    join(dirname(path), 'config.yaml'),
    'model: local\ntimezone: Europe/Stockholm\ncron:\n  preflight: true\n',
  )
  return { path, cron, ...newReader(path) }
}

/** The job that is read from these fields. */
function readJob(fields: CronFields): JobRecord {
  const { cron, reader } = newHome()
  cron.writeCombined([newHermesJob(fields)])
  const [job] = reader.listJobs()
  if (!job) throw new Error('There is no job.')
  return job
}

describe('the layouts of jobs.json', () => {
  const jobs = [
    newHermesJob(),
    newHermesJob({
      id: 'paused',
      name: 'Owls',
      enabled: false,
      state: 'paused',
      paused_at: '2026-11-21T10:00:00+01:00',
    }),
    newHermesJob({
      id: 'once',
      schedule: { kind: 'once', run_at: '2030-01-01T09:00:00+01:00' },
      repeat: { times: 1, completed: 0 },
    }),
  ]

  test('a job has the same properties in either of the two current layouts', () => {
    const [older, newer] = [newHome(), newHome()]
    older.cron.writeCombined(jobs)
    newer.cron.writeSplit(jobs)
    expect(newer.reader.listJobs()).toEqual(older.reader.listJobs())
    expect(older.reader.listJobs()[0]).toEqual({
      id: 'a1b2c3d4e5f6',
      origin: 'HERMES',
      profile: 'default',
      name: 'Birds',
      prompt: 'Which birds are back?',
      schedule: 'every 30m',
      timezone: 'Europe/Stockholm',
      anchor: Date.parse('2026-11-22T12:30:00Z'),
      recurring: true,
      model: null,
      enabled: true,
      state: 'SCHEDULED',
      scheduleError: null,
      runningTrigger: null,
      repeatLimit: null,
      completedRuns: 3,
      skippedRuns: 0,
      nextRunAt: Date.parse('2026-11-22T12:30:00Z'),
      createdAt: Date.parse('2026-11-20T08:00:00.123Z'),
    })
    expect(newer.reader.findJob('once')).toMatchObject({ recurring: false, repeatLimit: 1, completedRuns: 0 })
    expect(newer.reader.findJob('nobody')).toBeNull()
    expect([...older.log, ...newer.log].filter((line) => line.startsWith('warn'))).toEqual([])
  })

  test('the earliest layout, without UTC offsets and states, is read', () => {
    const { cron, reader } = newHome()
    cron.writeCombined([
      {
        id: 'early',
        name: 'Birds',
        prompt: 'Birds?',
        schedule: { kind: 'once', run_at: '2026-12-01T09:00:00.5', display: 'once in 2h' },
        schedule_display: 'once in 2h',
        repeat: { times: 1, completed: 0 },
        enabled: true,
        created_at: '2026-07-01T09:00:00.123456',
        next_run_at: '2026-12-01T09:00:00.5',
        last_run_at: null,
      },
    ])
    expect(reader.listJobs()).toMatchObject([
      {
        schedule: '2026-12-01T08:00:00.000Z',
        state: 'SCHEDULED',
        recurring: false,
        nextRunAt: Date.parse('2026-12-01T08:00:00Z'),
        createdAt: Date.parse('2026-07-01T07:00:00Z'),
      },
    ])
  })

  test('a definition takes precedence over runtime.db', () => {
    const { cron, reader } = newHome()
    cron.writeCombined([newHermesJob({ state: 'completed' })])
    const db = cron.openRuntimeDatabase()
    cron.writeState(db, 'a1b2c3d4e5f6', { state: 'scheduled', model: 'other', repeat_completed: 9 })
    db.close()
    expect(reader.listJobs()).toMatchObject([{ state: 'COMPLETED', completedRuns: 3 }])
  })

  test.each([
    ['a byte order mark', (job: CronFields) => `\uFEFF${JSON.stringify({ jobs: [job] })}`],
    ['a bare list', (job: CronFields) => JSON.stringify([job])],
    ['a map by id', ({ id, ...job }: CronFields) => JSON.stringify({ [String(id)]: job })],
    ['a map by id under jobs', ({ id, ...job }: CronFields) => JSON.stringify({ jobs: { [String(id)]: job } })],
    [
      'control characters in a string',
      (job: CronFields) => JSON.stringify({ jobs: [{ ...job, note: 'a\\"NL"' }] }).replace('NL', '\n\t\u0001'),
    ],
  ])('%s is accepted', (_, write) => {
    const { cron, reader } = newHome()
    cron.writeRaw(write(newHermesJob()))
    expect(reader.listJobs()).toMatchObject([{ id: 'a1b2c3d4e5f6', name: 'Birds', state: 'SCHEDULED' }])
  })
})

describe('a job', () => {
  test.each([
    [{ kind: 'interval', minutes: 90, display: 'every 90m' }, 'every 90m', true],
    [{ kind: 'cron', expr: '0 9 * * 1-5', display: '0 9 * * 1-5' }, '0 9 * * 1-5', true],
    [{ kind: 'once', run_at: '2026-12-01T09:00:00+01:00', display: 'once in 2h' }, '2026-12-01T08:00:00.000Z', false],
    [{ kind: 'once', run_at: 'soon', display: 'once in 2h' }, 'displayed', false],
    [{ kind: 'moon', display: 'at full moon' }, 'displayed', true],
    ['30m', '30m', true],
    [null, 'displayed', true],
  ])('with the schedule %j is read', (schedule, text, recurring) => {
    expect(readJob({ schedule, schedule_display: 'displayed' })).toMatchObject({ schedule: text, recurring })
  })

  test.each([
    [{}, { state: 'SCHEDULED', enabled: true }],
    [{ enabled: false }, { state: 'PAUSED', enabled: false, nextRunAt: null }],
    [
      { enabled: false, state: 'paused' },
      { state: 'PAUSED', nextRunAt: null },
    ],
    [{ state: 'paused' }, { state: 'PAUSED', enabled: false, nextRunAt: null }],
    [{ paused_at: '2026-11-21T10:00:00+01:00' }, { state: 'PAUSED', enabled: false, nextRunAt: null }],
    [
      { enabled: false, state: 'completed' },
      { state: 'COMPLETED', nextRunAt: null },
    ],
    [
      { state: 'error', last_error: 'No such date.' },
      { state: 'ERROR', nextRunAt: null, scheduleError: 'No such date.' },
    ],
    [{ fire_claim: { at: new Date().toISOString(), by: 'host:1' } }, { state: 'RUNNING', runningTrigger: 'SCHEDULE' }],
    [{ run_claim: { at: new Date().toISOString(), by: 'host:1' } }, { state: 'RUNNING' }],
    // A claim that was not renewed belongs to a dead process.
    [{ fire_claim: { at: '2026-01-01T00:00:00+00:00', by: 'host:1' } }, { state: 'SCHEDULED', runningTrigger: null }],
  ])('with %j has a state', (fields, expected) => {
    expect(readJob(fields)).toMatchObject(expected)
  })

  test('without a name is named after its id, and needs nothing but an id', () => {
    const { cron, reader } = newHome()
    cron.writeCombined([{ id: 'bare' }])
    expect(reader.listJobs()).toMatchObject([
      { id: 'bare', name: 'bare', prompt: '', schedule: '', nextRunAt: null, createdAt: 0 },
    ])
  })

  test('can have a model of its own', () => {
    expect(readJob({ model: 'hermes-4' }).model).toBe('hermes-4')
  })

  test.each([
    ['timezone: "Asia/Kolkata"  # home', 'Asia/Kolkata'],
    ["timezone: 'Asia/Kolkata'", 'Asia/Kolkata'],
    ['  timezone: Asia/Kolkata', null],
    ['timezone: Mars/Olympus', null],
    ['timezone:', null],
  ])('is in the time zone of %j', (line, zone) => {
    const path = newStatePath()
    new HermesCron(dirname(path)).writeCombined([newHermesJob()])
    writeFileSync(join(dirname(path), 'config.yaml'), `model: x\r\n${line}\n`)
    const server = Intl.DateTimeFormat().resolvedOptions().timeZone
    expect(newReader(path).reader.listJobs()).toMatchObject([{ timezone: zone ?? server }])
  })
})

describe('missing and corrupt files', () => {
  test('without a folder there are no jobs; nothing is created or logged', () => {
    const path = newStatePath()
    const { reader, log } = newReader(path)
    expect(reader.listJobs()).toEqual([])
    expect(readdirSync(dirname(path))).toEqual([])
    expect(log).toEqual([])
  })

  test('reading does not create a runtime.db', () => {
    const { cron, reader } = newHome()
    cron.writeCombined([newHermesJob()])
    expect(reader.listJobs()).toHaveLength(1)
    expect(readdirSync(cron.folder)).toEqual(['jobs.json'])
  })

  test.each([
    ['invalid JSON', '{"jobs": ['],
    ['a text', '"jobs"'],
    ['no content', ''],
    ['JSON that is nested too deep', `{"jobs":${'['.repeat(100_000)}`],
  ])('a jobs.json with %s yields no jobs, is logged once, and is read again after its repair', (_, text) => {
    const { cron, reader, log } = newHome()
    cron.writeRaw(text)
    expect([reader.listJobs(), reader.listJobs()]).toEqual([[], []])
    expect(log).toEqual([unreadable])
    cron.writeCombined([newHermesJob()])
    expect(reader.listJobs()).toHaveLength(1)
    expect(log).toEqual([unreadable, recovered])
  })

  test('a folder in place of jobs.json yields no jobs', () => {
    const { cron, reader, log } = newHome()
    mkdirSync(join(cron.folder, 'jobs.json'))
    expect(reader.listJobs()).toEqual([])
    expect(log).toEqual([unreadable])
  })

  test('entries that are no jobs are left out, and so is the second of two jobs with one id', () => {
    const { cron, reader } = newHome()
    cron.writeRaw(
      JSON.stringify({
        jobs: [null, 7, 'x', [], {}, { id: 7 }, { id: '' }, newHermesJob(), newHermesJob({ name: 'Twin' })],
      }),
    )
    expect(reader.listJobs().map(({ name }) => name)).toEqual(['Birds'])
  })

  test.each<[string, (path: string) => void]>([
    ['that is no database', (path) => writeFileSync(path, 'no database at all, but rather long'.repeat(99))],
    ['that is a folder', (path) => mkdirSync(path)],
    ['without tables', (path) => writeFileSync(path, '')],
  ])('a runtime.db %s hides only the states', (_, corrupt) => {
    const { cron, reader, log } = newHome()
    cron.writeSplit([newHermesJob()])
    for (const side of ['', '-wal', '-shm']) rmSync(join(cron.folder, `runtime.db${side}`), { force: true })
    corrupt(join(cron.folder, 'runtime.db'))
    expect(reader.listJobs()).toMatchObject([
      { name: 'Birds', schedule: 'every 30m', nextRunAt: null, completedRuns: 0 },
    ])
    expect(reader.listJobs()).toHaveLength(1)
    expect(log).toEqual([unreadable])
  })

  test('invalid JSON in a row of runtime.db hides only the state of that job', () => {
    const { cron, reader } = newHome()
    cron.writeSplit([newHermesJob(), newHermesJob({ id: 'other' })])
    const db = cron.openRuntimeDatabase()
    db.prepare("UPDATE job_runtime SET state_json = '{' WHERE job_id = 'other'").run()
    db.close()
    expect(reader.listJobs()).toMatchObject([{ completedRuns: 3 }, { id: 'other', completedRuns: 0 }])
  })

  test('a lock on runtime.db is waited for until the timeout, then the states are left out', () => {
    const { cron, reader, log } = newHome()
    cron.writeSplit([newHermesJob()])
    const db = cron.openRuntimeDatabase()
    db.pragma('journal_mode = DELETE')
    db.exec('BEGIN EXCLUSIVE')
    expect(reader.listJobs()).toMatchObject([{ name: 'Birds', completedRuns: 0 }])
    expect(log).toEqual([unreadable])
    db.exec('ROLLBACK')
    db.close()
    expect(reader.listJobs()).toMatchObject([{ completedRuns: 3 }])
    expect(log).toEqual([unreadable, recovered])
  })

  test('a writer that does not wait for locks never meets one of the reader', () => {
    const { cron, reader } = newHome()
    cron.writeSplit([newHermesJob()])
    const db = cron.openRuntimeDatabase()
    db.pragma('busy_timeout = 0')
    for (let completed = 0; completed < 20; completed++) {
      cron.writeState(db, 'a1b2c3d4e5f6', { repeat_completed: completed })
      expect(reader.listJobs()).toMatchObject([{ completedRuns: completed }])
    }
    db.close()
  })
})
