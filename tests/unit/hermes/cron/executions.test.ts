import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, utimesSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { JobRunRecord } from '../../../../src/model/job.ts'
import { noUsage } from '../../../../src/model/usage.ts'
import {
  type CronFields,
  formatErrorDocument,
  formatResponseDocument,
  readOwnExecutionOwner,
} from '../../../support/hermes/hermes-cron.ts'
import { addCronSession, hermesJobId as jobId, newCronHome } from '../../../support/hermes/hermes-cron-home.ts'
import { firstPage, newDb } from '../../../support/hermes/hermes-fixtures.ts'

const executionId = '1'.repeat(32)

/** The run that is read from an execution. */
function readRun(execution: CronFields): JobRunRecord {
  const { cron, listRuns } = newCronHome()
  cron.writeExecutions([execution])
  const [run] = listRuns()
  if (!run) throw new Error('There is no run.')
  return run
}

describe('an execution', () => {
  test('is a run with the output file and the session of its time', () => {
    const { path, cron, reader, listRuns } = newCronHome()
    cron.writeExecutions([{}])
    cron.writeOutput(jobId, '2026-11-22_13-00-07', formatResponseDocument('The starlings.'))
    const sessionId = addCronSession(newDb(path), {
      stamp: '20261122_130001',
      startedAt: '2026-11-22T12:00:01.5Z',
      endedAt: '2026-11-22T12:00:07Z',
    })
    const run = {
      id: `${jobId}:${executionId}`,
      jobId,
      position: 100_000_000_000_000 + Date.parse('2026-11-22T12:00:00.250Z') * 1000,
      trigger: 'SCHEDULE',
      status: 'OK',
      scheduledFor: null,
      startedAt: Date.parse('2026-11-22T12:00:00.750Z'),
      finishedAt: Date.parse('2026-11-22T12:00:09.500Z'),
      output: 'The starlings.',
      error: null,
      sessionId,
      usage: noUsage,
    }
    expect(listRuns()).toEqual([run])
    // Ids that named a run before its execution was read, and before its output file was written.
    for (const key of [executionId, '2026-11-22_13-00-07', '20261122_130001']) {
      expect(reader.findRun(`${jobId}:${key}`), key).toEqual(run)
    }
  })

  test.each([
    ['completed', {}, { status: 'OK', error: null }],
    ['failed', { error: 'ValueError: no' }, { status: 'ERROR', error: 'ValueError: no' }],
    ['unknown', { error: 'Scheduler restarted' }, { status: 'INTERRUPTED', error: 'Scheduler restarted' }],
    ['claimed', { started_at: null, finished_at: null }, { status: 'INTERRUPTED', finishedAt: null, error: null }],
    ['running', { finished_at: null }, { status: 'INTERRUPTED', finishedAt: null, error: null }],
    ['claimed', { ...readOwnExecutionOwner(), started_at: null, finished_at: null }, { status: 'RUNNING' }],
    ['running', { ...readOwnExecutionOwner(), finished_at: null }, { status: 'RUNNING', finishedAt: null }],
    ['postponed', {}, { status: 'INTERRUPTED' }],
    [null, {}, { status: 'INTERRUPTED' }],
    [7, {}, { status: 'INTERRUPTED' }],
  ])('%s with %j has the status of a run', (status, fields, expected) => {
    expect(readRun({ status, ...fields })).toMatchObject(expected)
  })

  test.each([
    ['has another start time', { process_started_at: readOwnExecutionOwner().process_started_at - 1 }],
    ['has no start time', { process_started_at: null }],
    ['has a text as its start time', { process_started_at: 'x' }],
    ['has a text as its id', { pid: 'x' }],
    ['has no id', { pid: null }],
    ...[0, -1, 1.5, 2 ** 40].map((pid): [string, CronFields] => [`has the id ${pid}`, { pid }]),
    ['is over', { pid: spawnSync('true').pid }],
  ])('whose process %s was interrupted', (_, fields) => {
    expect(readRun({ status: 'running', finished_at: null, ...readOwnExecutionOwner(), ...fields })).toMatchObject({
      status: 'INTERRUPTED',
    })
  })

  test('is interrupted as soon as its process is killed', async () => {
    const owner = spawn('sleep', ['600'])
    onTestFinished(() => void owner.kill('SIGKILL'))
    await once(owner, 'spawn')
    const stat = readFileSync(`/proc/${owner.pid}/stat`, 'utf8').split(' ')
    const { cron, reader, listRuns } = newCronHome()
    cron.writeExecutions([
      { status: 'running', finished_at: null, pid: owner.pid ?? 0, process_started_at: Number(stat[21]) },
    ])
    expect(listRuns()).toMatchObject([{ status: 'RUNNING' }])
    expect(reader.findJob(jobId)).toMatchObject({ state: 'RUNNING', runningTrigger: 'SCHEDULE' })
    owner.kill('SIGKILL')
    await once(owner, 'exit')
    expect(listRuns()).toMatchObject([{ status: 'INTERRUPTED', finishedAt: null }])
    expect(reader.findJob(jobId)).toMatchObject({ state: 'SCHEDULED', runningTrigger: null })
  })

  test('keeps its id and its place when it goes on and when it ends', () => {
    const { cron, listRuns } = newCronHome()
    const owner = readOwnExecutionOwner()
    const other = { id: '0'.repeat(32), claimed_at: '2026-11-22T12:30:00+01:00' }
    cron.writeExecutions([other, { ...owner, status: 'claimed', started_at: null, finished_at: null }])
    const claimed = listRuns()
    cron.writeExecutions([{ ...owner, status: 'running', finished_at: null }])
    const running = listRuns()
    cron.writeExecutions([{ ...owner, status: 'failed', error: 'no' }])
    const ended = listRuns()
    const id = (run: JobRunRecord) => [run.id, run.position]
    expect([running, ended].map((runs) => runs.map(id))).toEqual([claimed.map(id), claimed.map(id)])
    expect([claimed, running, ended].map(([run]) => [run?.status, run?.startedAt, run?.finishedAt])).toEqual([
      ['RUNNING', Date.parse('2026-11-22T12:00:00.250Z'), null],
      ['RUNNING', Date.parse('2026-11-22T12:00:00.750Z'), null],
      ['ERROR', Date.parse('2026-11-22T12:00:00.750Z'), Date.parse('2026-11-22T12:00:09.500Z')],
    ])
  })

  test.each([
    ['2026-10-25_02-10-00', 'execution-2026-10-25_02-10-00'],
    ['20261025_021000', 'execution-20261025_021000'],
    ['c:d', 'execution-c%3Ad'],
    ['execution-c%3Ad', 'execution-execution-c%253Ad'],
    ['run-7', 'run-7'],
  ])('whose id is %s has an id that no other run has', (id, key) => {
    const { path, cron, reader, listRuns } = newCronHome()
    const time = '2026-10-24T20:00:00.000'
    cron.writeExecutions([
      { id, job_id: 'gone', status: 'claimed', claimed_at: time, started_at: time, finished_at: time },
    ])
    cron.writeOutput('gone', '2026-10-25_02-10-00', formatResponseDocument('The larks.'))
    addCronSession(newDb(path), { jobId: 'gone', stamp: '20261025_021000', startedAt: '2026-10-25T01:30:00Z' })
    const runs = listRuns('gone')
    const keys = ['20261025_021000', '2026-10-25_02-10-00', key]
    expect(runs.map((run) => run.id)).toEqual(keys.map((each) => `gone:${each}`))
    expect(runs.map((run) => reader.findRun(run.id))).toEqual(runs)
  })

  test.each([
    [{ started_at: null }, '2026-11-22T12:00:00.250Z'],
    [{ started_at: 'soon' }, '2026-11-22T12:00:00.250Z'],
    [{ started_at: 5, claimed_at: 7 }, '2026-11-22T12:00:09.500Z'],
    [{ started_at: '2026-11-22T12:00:00Z', claimed_at: null }, '2026-11-22T12:00:00Z'],
    [{ started_at: '2026-11-22 17:30:00.5+0530' }, '2026-11-22T12:00:00.5Z'],
    [{ started_at: '2026-11-22T13:00:00' }, '2026-11-22T12:00:00Z'],
    [{ started_at: 'x', claimed_at: 'y', finished_at: 'z' }, '1970-01-01T00:00:00Z'],
    [{ started_at: '9999-12-31T23:59:59Z', claimed_at: '9999-12-31T23:59:59Z' }, '9999-12-31T23:59:59Z'],
  ])('with the times %j costs no other run', (times, startedAt) => {
    const { cron, reader, listRuns } = newCronHome()
    cron.writeExecutions([times, { id: '2' }, { id: '3', ...times }, { id: null }, { id: '4', job_id: null }])
    const runs = listRuns()
    expect(runs).toHaveLength(3)
    expect(runs.find(({ id }) => id === `${jobId}:${executionId}`)?.startedAt).toBe(Date.parse(startedAt))
    const positions = runs.map(({ position }) => position)
    expect(positions.every(Number.isSafeInteger)).toBe(true)
    expect(reader.listRuns(jobId, firstPage(9, positions[0])).map(({ id }) => id)).toEqual(
      runs.slice(1).map(({ id }) => id),
    )
  })
})

describe('executions are joined with sessions and output files', () => {
  const at = (time: string): string => `2026-11-22T13:${time}+01:00`
  const execution = (id: string, [claimed, started, finished]: (string | null)[], fields: CronFields = {}) => ({
    id,
    claimed_at: claimed ? at(claimed) : null,
    started_at: started ? at(started) : null,
    finished_at: finished ? at(finished) : null,
    ...fields,
  })

  test('by time, at most one of each to a run', () => {
    const { path, cron, listRuns } = newCronHome()
    cron.writeExecutions([
      execution('rejected', ['00:02.0', null, '00:02.1'], { status: 'failed', error: 'Dispatch claim rejected' }),
      execution('a', ['00:00.1', '00:00.2', '00:01.2']),
      execution('b', ['00:01.3', '00:01.4', '00:03.0']),
      execution('raised', ['10:00.0', '10:00.1', '10:05.0'], { status: 'failed', error: 'no' }),
      execution('c', ['20:00.0', '20:00.1', '20:00.2']),
      execution('d', ['20:00.3', '20:00.4', '20:00.5']),
    ])
    const hermes = newDb(path)
    addCronSession(hermes, { stamp: '20261122_130000', startedAt: '2026-11-22T12:00:00.3Z' })
    addCronSession(hermes, { stamp: '20261122_130001', startedAt: '2026-11-22T12:00:01.5Z' })
    addCronSession(hermes, { stamp: '20261122_131000', startedAt: '2026-11-22T12:10:00.2Z' })
    for (const name of ['13-00-01', '13-00-02', '13-20-00']) {
      cron.writeOutput(jobId, `2026-11-22_${name}`, formatResponseDocument(name))
    }
    expect(listRuns().map(({ id, output, sessionId }) => [id.split(':')[1], output, sessionId?.slice(-6)])).toEqual([
      ['d', '13-20-00', undefined], // it has overwritten that of c, which ended in the same second
      ['c', null, undefined],
      ['raised', null, '131000'],
      ['rejected', null, undefined],
      ['b', '13-00-02', '130001'],
      ['a', '13-00-01', '130000'],
    ])
  })

  test('also if one of them was noticed to be dead only much later', () => {
    const { path, cron, listRuns } = newCronHome()
    cron.writeExecutions([
      execution('dead', ['00:00', '00:01', '50:00'], { status: 'unknown' }),
      execution('next', ['30:00', '30:01', '30:09']),
      execution('lost', ['40:00', '40:01', null], { status: 'running' }),
    ])
    const hermes = newDb(path)
    addCronSession(hermes, { stamp: '20261122_130002', startedAt: '2026-11-22T12:00:02Z' })
    addCronSession(hermes, { stamp: '20261122_133002', startedAt: '2026-11-22T12:30:02Z' })
    addCronSession(hermes, { stamp: '20261122_134002', startedAt: '2026-11-22T12:40:02Z' })
    cron.writeOutput(jobId, '2026-11-22_13-30-08', formatResponseDocument('Next.'))
    expect(listRuns().map(({ output, sessionId, status }) => [output, sessionId?.slice(-6), status])).toEqual([
      [null, '134002', 'INTERRUPTED'],
      ['Next.', '133002', 'OK'],
      [null, '130002', 'INTERRUPTED'],
    ])
  })

  test('a run has the output of its file, and the error of its execution', () => {
    const { cron, listRuns } = newCronHome()
    cron.writeExecutions([
      execution('a', ['00:00', '00:01', '00:09'], { status: 'failed', error: 'TimeoutError: idle' }),
      execution('b', ['10:00', '10:01', '10:09'], { status: 'failed', error: null }),
      execution('c', ['20:00', '20:01', '20:09'], { status: 'failed', error: 'Interrupted by gateway shutdown' }),
      execution('d', ['30:00', '30:01', '30:09'], { status: 'postponed' }),
      execution('e', ['40:00', '40:01', '40:09'], { status: 'postponed' }),
    ])
    cron.writeOutput(jobId, '2026-11-22_13-00-08', formatErrorDocument('TimeoutError: idle for 600s'))
    cron.writeOutput(jobId, '2026-11-22_13-10-08', formatErrorDocument('ValueError: no'))
    cron.writeOutput(jobId, '2026-11-22_13-20-08', formatResponseDocument('The first'))
    cron.writeOutput(jobId, '2026-11-22_13-30-08', formatErrorDocument('ValueError: no'))
    cron.writeOutput(jobId, '2026-11-22_13-40-08', formatResponseDocument('The larks.'))
    expect(listRuns().map(({ status, output, error }) => [status, output, error])).toEqual([
      ['OK', 'The larks.', null],
      ['ERROR', null, 'ValueError: no'],
      ['ERROR', 'The first', 'Interrupted by gateway shutdown'],
      ['ERROR', null, 'ValueError: no'],
      ['ERROR', null, 'TimeoutError: idle'],
    ])
  })

  test('in the hour that the end of summer time repeats', () => {
    const { cron, listRuns } = newCronHome()
    // 02:10 and 02:40 occur twice on this day: at UTC+2, then at UTC+1.
    const times = [
      ['a', '02:10:00', '+02:00'],
      ['b', '02:40:00', '+02:00'],
      ['c', '02:10:30', '+01:00'],
      ['d', '02:40:30', '+01:00'],
    ] as const
    cron.writeExecutions(
      times.map(([id, time, offset]) => ({
        id,
        claimed_at: `2026-10-25T${time}${offset}`,
        started_at: `2026-10-25T${time}.5${offset}`,
        finished_at: `2026-10-25T${time.slice(0, -1)}9${offset}`,
      })),
    )
    for (const [, time] of times) {
      const name = `2026-10-25_${time.slice(0, -1).replaceAll(':', '-')}5`
      cron.writeOutput(jobId, name, formatResponseDocument(time))
    }
    expect(listRuns().map(({ id, output }) => [id.split(':')[1], output])).toEqual(
      times.map(([id, time]) => [id, time]).toReversed(),
    )
  })

  test.each([
    ['the offset of the executions, which an environment variable sets', '+05:30', 330],
    ["the home's time zone", '+00:00', 60],
  ])('by local times of %s', (_, offset, minutesOfNames) => {
    const { cron, listRuns } = newCronHome()
    const hours = [10, 11, 12, 13]
    const toLocal = (time: number, minutes: number): string => new Date(time + minutes * 60_000).toISOString()
    const minutesOfOffset = offset === '+05:30' ? 330 : 0
    for (const hour of hours) {
      const time = Date.parse(`2026-11-22T${hour}:00:00Z`)
      const format = (after: number): string => `${toLocal(time + after, minutesOfOffset).slice(0, -1)}${offset}`
      cron.writeExecutions([
        { id: `${hour}`, claimed_at: format(0), started_at: format(100), finished_at: format(9000) },
      ])
      const name = toLocal(time + 5000, minutesOfNames)
        .slice(0, 19)
        .replace('T', '_')
        .replaceAll(':', '-')
      cron.writeOutput(jobId, name, formatResponseDocument(`${hour}`))
    }
    expect(listRuns().map(({ id, output }) => [id, output])).toEqual(
      hours.toReversed().map((hour) => [`${jobId}:${hour}`, `${hour}`]),
    )
  })
})

describe('sessions and output files without an execution', () => {
  test('are runs as well, older than the executions that are kept', () => {
    const { path, cron, reader, listRuns } = newCronHome()
    cron.writeExecutions([{}])
    cron.writeOutput(jobId, '2026-11-22_13-00-07', formatResponseDocument('New.'))
    cron.writeOutput(jobId, '2026-11-20_13-00-07', formatErrorDocument('Old.'))
    cron.writeOutput(jobId, '2026-11-19_13-00-07', formatResponseDocument('Older.'))
    const hermes = newDb(path)
    addCronSession(hermes, {
      stamp: '20261119_130001',
      startedAt: '2026-11-19T12:00:01Z',
      endedAt: '2026-11-19T12:00:08Z',
    })
    addCronSession(hermes, {
      stamp: '20261118_130001',
      startedAt: '2026-11-18T12:00:01Z',
      endedAt: '2026-11-18T12:00:08Z',
    })
    addCronSession(hermes, { stamp: '20261117_130001', startedAt: '2026-11-17T12:00:01Z' })
    const runs = listRuns()
    expect(
      runs.map(({ id, status, output, startedAt, finishedAt }) => [id, status, output, startedAt, finishedAt]),
    ).toEqual(
      [
        [executionId, 'OK', 'New.', '2026-11-22T12:00:00.75Z', '2026-11-22T12:00:09.5Z'],
        ['2026-11-20_13-00-07', 'ERROR', null, '2026-11-20T12:00:07Z', '2026-11-20T12:00:07Z'],
        ['2026-11-19_13-00-07', 'OK', 'Older.', '2026-11-19T12:00:01Z', '2026-11-19T12:00:08Z'],
        ['20261118_130001', 'OK', null, '2026-11-18T12:00:01Z', '2026-11-18T12:00:08Z'],
        ['20261117_130001', 'INTERRUPTED', null, '2026-11-17T12:00:01Z', null],
      ].map(([key, status, output, startedAt, finishedAt]) => [
        `${jobId}:${key}`,
        status,
        output,
        Date.parse(startedAt ?? ''),
        finishedAt === null ? null : Date.parse(finishedAt ?? ''),
      ]),
    )
    for (const run of runs) expect(reader.findRun(run.id)).toEqual(run)
  })

  test('are joined in the hour that the end of summer time repeats, by when the file was written', () => {
    const { path, cron, listRuns } = newCronHome()
    const hermes = newDb(path)
    addCronSession(hermes, { stamp: '20261025_025000', startedAt: '2026-10-25T00:50:00Z' }) // 02:50 at UTC+2
    const output = cron.writeOutput(jobId, '2026-10-25_02-05-00', formatResponseDocument('Late.'))
    const writtenAt = new Date('2026-10-25T01:05:00.5Z') // 02:05 at UTC+1
    utimesSync(output, writtenAt, writtenAt)
    expect(listRuns()).toMatchObject([
      { startedAt: Date.parse('2026-10-25T00:50:00Z'), finishedAt: Date.parse('2026-10-25T01:05:00Z') },
    ])
  })

  test('a session without a readable start began at the time in its id', () => {
    const { path, listRuns } = newCronHome()
    newDb(path).addSession(`cron_${jobId}_20261118_130001`, { source: 'cron', started_at: 'soon' })
    expect(listRuns()).toMatchObject([{ startedAt: Date.parse('2026-11-18T12:00:01Z'), status: 'INTERRUPTED' }])
  })
})
