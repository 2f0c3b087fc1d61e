import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  startManualRun,
  startDueRun,
  type StartedRun,
  updateJob,
  findDueTimes,
  finishRun,
  interruptedOutcome,
  createJob,
  skipDue,
  reevaluate,
  type RunOutcome,
  listUpcomingRuns,
} from '../../../src/jobs/job-state.ts'
import type { JobRecord, SegueJob } from '../../../src/model/job.ts'
import { newRunIds, newJobInput, newTestJob } from '../../support/jobs/job-fixtures.ts'
import { parseTime } from '../../support/jobs/times.ts'

const noon = parseTime('2026-11-22T12:00:00Z')
const [minute, hour, day] = [60_000, 3_600_000, 86_400_000]
const ok: RunOutcome = { status: 'OK', output: 'The starlings.', error: null }

/** Begins what is due by then, as the clock does. */
function begun(of: SegueJob, now: number): StartedRun {
  const due = findDueTimes(of, now)
  if (!due) throw new Error('nothing is due')
  return startDueRun(of, due, now, newRunIds())
}

describe('a new job', () => {
  test('says what was understood', () => {
    expect(newTestJob(noon)).toMatchObject({
      recurring: true,
      state: 'SCHEDULED',
      nextRunAt: noon + 30 * minute,
      enabled: true,
      completedRuns: 0,
      skippedRuns: 0,
      runningTrigger: null,
      scheduleError: null,
    })
    expect(newTestJob(noon, { schedule: 'in 2h' })).toMatchObject({ recurring: false, nextRunAt: noon + 2 * hour })
  })

  test('is refused when its schedule never comes, or has passed', () => {
    const never = /never comes/
    expect(() => newTestJob(noon, { schedule: '0 0 30 2 *' })).toThrow(never)
    expect(() => newTestJob(noon, { schedule: '0 0 31 2,4,6,9,11 *' })).toThrow(never)
    for (const schedule of ['2026-11-22T11:59:59Z', '2026-11-22T12:00:00Z', '1999-01-01T00:00:00+01:00']) {
      expect(() => newTestJob(noon, { schedule })).toThrow(/has passed/)
    }
    expect(() => newTestJob(noon, { timezone: 'Mars/Olympus' })).toThrow(/time zone/)
  })

  test.each([
    [{ name: ' \n ' }, 'name'],
    [{ name: 'x'.repeat(201) }, 'name'],
    [{ prompt: ' \t\n' }, 'prompt'],
    [{ repeatLimit: 0 }, 'repeatLimit'],
    [{ repeatLimit: -1 }, 'repeatLimit'],
    [{ repeatLimit: 1.5 }, 'repeatLimit'],
    [{ schedule: '30m' }, 'schedule'],
  ])('is refused with %j', (changes, field) => {
    const refusal = expect.objectContaining({ code: 'BAD_USER_INPUT', details: { path: ['input', field] } })
    expect(() => newTestJob(noon, changes)).toThrow(refusal)
  })

  test('has a name of one line, and its prompt as it was given', () => {
    const made = newTestJob(noon, {
      name: ' Birds\nof\tspring ',
      prompt: ' Which\n\nbirds? ',
      schedule: '  0  9 * * *',
    })
    expect(made).toMatchObject({ name: 'Birds of spring', prompt: ' Which\n\nbirds? ', schedule: '0 9 * * *' })
    expect(() => newTestJob(noon, { prompt: 'x'.repeat(1_000_001) })).toThrow(
      expect.objectContaining({ code: 'TOO_LARGE' }),
    )
  })
})

describe('what is due', () => {
  test('begins at its time, and not before', () => {
    const kept = newTestJob(noon)
    expect(findDueTimes(kept, noon + 30 * minute - 1)).toBeNull()
    const { job: running, run } = begun(kept, noon + 30 * minute + 3)
    expect(run).toMatchObject({
      jobId: kept.id,
      position: 1,
      trigger: 'SCHEDULE',
      status: 'RUNNING',
      scheduledFor: noon + 30 * minute,
      startedAt: noon + 30 * minute + 3,
      finishedAt: null,
    })
    expect(running).toMatchObject({
      state: 'RUNNING',
      runningTrigger: 'SCHEDULE',
      nextRunAt: noon + hour,
      skippedRuns: 0,
    })
  })

  test('is made once for the newest after an outage, and the older times are counted', () => {
    const { job: running, run } = begun(newTestJob(noon), noon + 7 * day + minute)
    expect(run).toMatchObject({ scheduledFor: noon + 7 * day, startedAt: noon + 7 * day + minute })
    expect(running).toMatchObject({ skippedRuns: 7 * 48 - 1, nextRunAt: noon + 7 * day + 30 * minute })
  })

  test('is made late when it comes but once', () => {
    const { job: running, run } = begun(newTestJob(noon, { schedule: 'in 2h' }), noon + 9 * day)
    expect(run).toMatchObject({ scheduledFor: noon + 2 * hour, startedAt: noon + 9 * day })
    expect(running).toMatchObject({ skippedRuns: 0, nextRunAt: null })
    expect(finishRun({ job: running, run }, ok, noon + 9 * day).job).toMatchObject({
      state: 'COMPLETED',
      completedRuns: 1,
    })
  })

  test('is passed over and counted while a run is under way', () => {
    const first = begun(newTestJob(noon), noon + 30 * minute)
    const due = findDueTimes(first.job, noon + 95 * minute)
    expect(due).toEqual({ latest: noon + 90 * minute, count: 2 })
    const waiting = skipDue(first.job, due ?? { latest: 0, count: 0 }, false)
    expect(waiting).toMatchObject({ state: 'RUNNING', skippedRuns: 2, nextRunAt: noon + 2 * hour })
    expect(finishRun({ ...first, job: waiting }, ok, noon + 100 * minute).job).toMatchObject({
      state: 'SCHEDULED',
      completedRuns: 1,
    })
  })

  test('waits for the end of a run by hand when it comes but once', () => {
    const byHand = startManualRun(newTestJob(noon, { schedule: 'in 2h' }), noon + hour, newRunIds())
    expect(findDueTimes(byHand.job, noon + 3 * hour)).toBeNull()
    const { job: ended } = finishRun(byHand, ok, noon + 3 * hour)
    expect(begun(ended, noon + 3 * hour).run.scheduledFor).toBe(noon + 2 * hour)
  })

  test('is not made again when it was made already', () => {
    const kept = newTestJob(noon)
    const due = findDueTimes(kept, noon + 65 * minute)
    expect(skipDue(kept, due ?? { latest: 0, count: 0 }, true)).toMatchObject({
      skippedRuns: 1,
      nextRunAt: noon + 90 * minute,
      runningTrigger: null,
    })
  })
})

describe('how a run ends', () => {
  const running = begun(newTestJob(noon), noon + 30 * minute)

  test.each<[string, RunOutcome, Partial<RunOutcome>]>([
    ['with its answer', ok, { status: 'OK', output: 'The starlings.', error: null }],
    [
      'with its fault, and what had come before it',
      { status: 'ERROR', output: 'The star', error: 'The provider is gone.' },
      { status: 'ERROR', output: 'The star', error: 'The provider is gone.' },
    ],
    ['cancelled', { status: 'CANCELLED', output: 'The', error: null }, { status: 'CANCELLED', output: 'The' }],
    [
      'interrupted',
      interruptedOutcome,
      { status: 'INTERRUPTED', output: null, error: 'The server stopped during the run.' },
    ],
  ])('%s', (_, outcome, expected) => {
    const { job: after, run } = finishRun(running, outcome, noon + hour)
    expect(run).toMatchObject({ ...expected, finishedAt: noon + hour })
    expect(after).toMatchObject({ state: 'SCHEDULED', runningTrigger: null, completedRuns: 1, nextRunAt: noon + hour })
  })

  test.each(['', '  \n\t ', '\u200b\u00ad', '\u2060 \ufeff'])(
    'an answer that says nothing (%j) is an error that says so',
    (output) => {
      const { run } = finishRun(running, { status: 'OK', output, error: null }, noon + hour)
      expect(run).toMatchObject({ status: 'ERROR', output: null, error: 'The agent finished without a response.' })
    },
  )

  test('never before it began, whatever the clock says', () => {
    expect(finishRun(running, ok, noon - day).run.finishedAt).toBe(running.run.startedAt)
  })
})

describe('repetitions', () => {
  test('are used up by runs of the schedule, however they end, and then the job is completed and kept', () => {
    let kept = newTestJob(noon, { repeatLimit: 2 })
    expect(listUpcomingRuns(kept, 5)).toEqual([noon + 30 * minute, noon + hour])
    const first = begun(kept, noon + 30 * minute)
    expect(listUpcomingRuns(first.job, 5)).toEqual([noon + hour])
    kept = finishRun(first, interruptedOutcome, noon + 31 * minute).job
    const second = begun(kept, noon + hour)
    expect(second.job.nextRunAt).toBeNull()
    kept = finishRun(second, { status: 'ERROR', output: null, error: 'No.' }, noon + hour).job
    expect(kept).toMatchObject({ state: 'COMPLETED', completedRuns: 2, nextRunAt: null })
    expect(findDueTimes(kept, noon + day)).toBeNull()
    expect(listUpcomingRuns(kept, 5)).toEqual([])
  })

  test('are not used up by runs by hand, which move nothing and are made in any state', () => {
    let kept = newTestJob(noon, { repeatLimit: 1 })
    for (const state of ['SCHEDULED', 'PAUSED', 'COMPLETED']) {
      if (state === 'PAUSED') kept = updateJob(kept, { enabled: false }, noon)
      if (state === 'COMPLETED') {
        kept = updateJob(kept, { enabled: true }, noon)
        kept = finishRun(begun(kept, noon + 30 * minute), ok, noon + 30 * minute).job
      }
      expect(kept.state).toBe(state)
      const byHand = startManualRun(kept, noon, newRunIds())
      expect(byHand).toMatchObject({ run: { trigger: 'MANUAL', scheduledFor: null }, job: { state: 'RUNNING' } })
      const { job: after } = finishRun(byHand, ok, noon)
      expect({ ...after, revision: 0, runCount: 0 }).toEqual({ ...kept, revision: 0, runCount: 0 })
      kept = after
    }
  })

  test('come back with a higher limit, from now on, and end with a lower one', () => {
    const kept = finishRun(begun(newTestJob(noon, { repeatLimit: 1 }), noon + 30 * minute), ok, noon + 31 * minute).job
    const raised = updateJob(kept, { repeatLimit: 3 }, noon + day)
    expect(raised).toMatchObject({ state: 'SCHEDULED', nextRunAt: noon + day + 30 * minute, skippedRuns: 0 })
    expect(updateJob(raised, { repeatLimit: 1 }, noon + day)).toMatchObject({ state: 'COMPLETED', nextRunAt: null })
    expect(updateJob(kept, { repeatLimit: null }, noon + day).state).toBe('SCHEDULED')
  })
})

test('what comes next is told for jobs of Hermes as well, where it is written as here', () => {
  const theirs = (schedule: string): JobRecord => ({
    ...newTestJob(noon),
    origin: 'HERMES',
    schedule,
    nextRunAt: noon + hour,
    anchor: noon + hour,
  })
  expect(listUpcomingRuns(theirs('every 30m'), 3)).toEqual([noon + hour, noon + 90 * minute, noon + 2 * hour])
  expect(listUpcomingRuns(theirs('0 13 * * *'), 2)).toEqual([noon + hour, noon + hour + day])
  expect(listUpcomingRuns(theirs('0 13 * * * 30'), 3)).toEqual([noon + hour])
  expect(listUpcomingRuns(theirs('weekdays at 9am'), 3)).toEqual([noon + hour])
})

describe('a change', () => {
  test('pauses, and a pause is not made up for', () => {
    const paused = updateJob(newTestJob(noon), { enabled: false }, noon + minute)
    expect(paused).toMatchObject({ state: 'PAUSED', nextRunAt: null, enabled: false })
    expect(findDueTimes(paused, noon + day)).toBeNull()
    const resumed = updateJob(paused, { enabled: true }, noon + day + minute)
    expect(resumed).toMatchObject({ state: 'SCHEDULED', nextRunAt: noon + day + 30 * minute, skippedRuns: 0 })
  })

  test('resumes a job whose only time came by during the pause: it is made, late', () => {
    const paused = updateJob(newTestJob(noon, { schedule: 'in 2h' }), { enabled: false }, noon)
    const resumed = updateJob(paused, { enabled: true }, noon + day)
    expect(begun(resumed, noon + day).run.scheduledFor).toBe(noon + 2 * hour)
  })

  test('pauses a job that runs, after its run', () => {
    const running = begun(newTestJob(noon), noon + 30 * minute)
    const paused = updateJob(running.job, { enabled: false }, noon + 31 * minute)
    expect(paused).toMatchObject({ state: 'RUNNING', nextRunAt: null })
    expect(finishRun({ ...running, job: paused }, ok, noon + 40 * minute).job.state).toBe('PAUSED')
  })

  test('of the schedule begins anew', () => {
    const changed = updateJob(newTestJob(noon), { schedule: 'in 2h' }, noon + 10 * minute)
    expect(changed).toMatchObject({ recurring: false, nextRunAt: noon + 130 * minute, schedule: 'in 2h' })
    const done = finishRun(begun(changed, noon + 130 * minute), ok, noon + 131 * minute).job
    expect(done.state).toBe('COMPLETED')
    expect(updateJob(done, { schedule: 'every 1h' }, noon + day)).toMatchObject({
      state: 'SCHEDULED',
      nextRunAt: noon + day + hour,
    })
  })

  test('to the same schedule, or of something else, moves nothing', () => {
    const kept = newTestJob(noon, { schedule: 'in 2h' })
    const same = updateJob(
      kept,
      { schedule: ' in  2h', name: 'Owls', prompt: 'Owls?', model: 'local/llama' },
      noon + hour,
    )
    expect(same).toMatchObject({
      nextRunAt: noon + 2 * hour,
      anchor: noon,
      name: 'Owls',
      prompt: 'Owls?',
      model: 'local/llama',
    })
    const done = finishRun(begun(same, noon + 2 * hour), ok, noon + 2 * hour).job
    expect(updateJob(done, { schedule: 'in 2h', name: 'Jays' }, noon + day)).toMatchObject({ state: 'COMPLETED' })
  })

  test('of the time zone moves what the clock on the wall tells', () => {
    const kept = newTestJob(noon, { schedule: '0 9 * * *', timezone: 'UTC' })
    const moved = updateJob(kept, { timezone: 'Asia/Kolkata' }, noon)
    expect(moved.nextRunAt).toBe(parseTime('2026-11-23T03:30:00Z'))
    expect(updateJob(newTestJob(noon), { timezone: 'Asia/Kolkata' }, noon + minute).nextRunAt).toBe(noon + 30 * minute)
  })

  test('that cannot be is refused', () => {
    const kept = newTestJob(noon)
    expect(() => updateJob(kept, { schedule: '2026-11-22T11:00:00Z' }, noon)).toThrow(/has passed/)
    expect(() => updateJob(kept, { schedule: '30m' }, noon)).toThrow(/two things/)
    expect(() => updateJob(kept, { timezone: 'Mars/Olympus' }, noon)).toThrow(/time zone/)
    expect(() => updateJob(kept, { repeatLimit: 0 }, noon)).toThrow(/at least once/)
    expect(() => updateJob(kept, { name: '' }, noon)).toThrow(/name/)
  })
})

describe('a review', () => {
  test('finds nothing to do where nothing has changed', () => {
    expect(reevaluate(newTestJob(noon), noon + day)).toBeNull()
  })

  test('puts a job whose zone nobody knows any more in error, and takes it out again when it is known', () => {
    const lost: SegueJob = { ...newTestJob(noon), timezone: 'Mars/Olympus' }
    const faulty = reevaluate(lost, noon)
    expect(faulty).toMatchObject({
      state: 'ERROR',
      nextRunAt: null,
      scheduleError: expect.stringContaining('Mars/Olympus'),
    })
    if (!faulty) return
    expect(findDueTimes(faulty, noon + day)).toBeNull()
    expect(listUpcomingRuns(faulty, 3)).toEqual([])
    expect(updateJob(faulty, { name: 'Martians' }, noon)).toMatchObject({ state: 'ERROR', name: 'Martians' })
    expect(updateJob(faulty, { timezone: 'UTC' }, noon)).toMatchObject({ state: 'SCHEDULED', scheduleError: null })
    expect(finishRun(startManualRun(faulty, noon, newRunIds()), ok, noon).job.state).toBe('ERROR')
    const known: SegueJob = { ...faulty, timezone: 'UTC' }
    expect(reevaluate(known, noon)).toMatchObject({ state: 'SCHEDULED', scheduleError: null })
  })

  test('takes back what a clock that was far ahead has settled', () => {
    const { job: ahead, run } = begun(newTestJob(noon), parseTime('2099-01-01T00:00:00Z'))
    const { job: waiting } = finishRun({ job: ahead, run }, ok, parseTime('2099-01-01T00:01:00Z'))
    expect(waiting.nextRunAt).toBeGreaterThan(parseTime('2099-01-01T00:00:00Z'))
    expect(reevaluate(waiting, noon + hour)?.nextRunAt).toBe(noon + 90 * minute)
    const slightly = finishRun(begun(newTestJob(noon), noon + 3 * hour), ok, noon + 3 * hour).job
    expect(reevaluate(slightly, noon + hour)).toBeNull()
  })
})

test('whatever happens, each due time is settled once: by a run of its own, or counted', () => {
  const command = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ type: fc.constant('tick' as const), by: fc.integer({ min: 0, max: 3 * hour }) }),
    },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('end' as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({ type: fc.constant('crash' as const), by: fc.integer({ min: 0, max: 9 * day }) }),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('byHand' as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({ type: fc.constant('limit' as const), to: fc.option(fc.integer({ min: 1, max: 9 })) }),
    },
  )
  const schedules = fc.constantFrom('every 40m', '15 * * * *', '30 2 * * *')
  fc.assert(
    fc.property(schedules, fc.array(command, { maxLength: 60 }), (schedule, commands) => {
      let now = parseTime('2026-03-27T12:00:00Z')
      let kept = createJob(newJobInput({ schedule, timezone: 'Europe/Stockholm' }), {
        id: 'job',
        profile: 'default',
        now,
      })
      let running: StartedRun['run'] | null = null
      let seen = 0
      const made: number[] = []
      for (const step of commands) {
        now += 'by' in step ? step.by : 0
        if (running && (step.type === 'end' || step.type === 'crash')) {
          kept = finishRun({ job: kept, run: running }, step.type === 'end' ? ok : interruptedOutcome, now).job
          running = null
        }
        if (step.type === 'limit') kept = updateJob(kept, { repeatLimit: step.to }, now)
        const due = findDueTimes(kept, now)
        if (due) {
          seen += due.count
          if (running) kept = skipDue(kept, due, false)
          else ({ job: kept, run: running } = startDueRun(kept, due, now, newRunIds()))
          if (running.scheduledFor !== null && made.at(-1) !== running.scheduledFor) made.push(running.scheduledFor)
        } else if (step.type === 'byHand' && !running)
          ({ job: kept, run: running } = startManualRun(kept, now, newRunIds()))
        expect(made).toEqual([...new Set(made)].sort((a, b) => a - b))
        expect(made.length + kept.skippedRuns).toBe(seen)
        expect(kept.completedRuns + (kept.runningTrigger === 'SCHEDULE' ? 1 : 0)).toBe(made.length)
        expect(kept.runningTrigger).toBe(running?.trigger ?? null)
        expect(findDueTimes(kept, now)).toBeNull()
        if (kept.nextRunAt !== null) expect(kept.nextRunAt).toBeGreaterThan(now)
      }
    }),
    { numRuns: 60 },
  )
})
