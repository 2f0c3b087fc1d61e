import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  startManualJobRun,
  startDueRun,
  type JobRunTransition,
  applyJobPatch,
  findDueTimes,
  finishJobRun,
  interruptedJobRunOutcome,
  newSegueJob,
  skipDueTimes,
  reevaluateJobDueTimes,
  type JobRunOutcome,
  generateUpcomingJobRuns,
} from '../../../src/jobs/job-state.ts'
import type { JobRecord, SegueJob } from '../../../src/model/job.ts'
import { newRunIds, newJobInput, newTestJob } from '../../support/jobs/job-fixtures.ts'
import { parseTime } from '../../support/jobs/times.ts'

const noon = parseTime('2026-11-22T12:00:00Z')
const [minute, hour, day] = [60_000, 3_600_000, 86_400_000]
const ok: JobRunOutcome = { status: 'OK', output: 'The starlings.', error: null }

/** Starts the run that is due at `now`, as the scheduler does. */
function startDue(job: SegueJob, now: number): JobRunTransition {
  const due = findDueTimes(job, now)
  if (!due) throw new Error('The job is not due.')
  return startDueRun(job, due, now, newRunIds())
}

describe('a new job', () => {
  test('shows how its schedule was understood', () => {
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

  test('is rejected when its schedule is never due, or has passed', () => {
    const never = /is never due/
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
  ])('is rejected with %j', (changes, field) => {
    const rejection = expect.objectContaining({ code: 'BAD_USER_INPUT', details: { path: ['input', field] } })
    expect(() => newTestJob(noon, changes)).toThrow(rejection)
  })

  test('has a name on one line, and an unchanged prompt', () => {
    const job = newTestJob(noon, {
      name: ' Birds\nof\tspring ',
      prompt: ' Which\n\nbirds? ',
      schedule: '  0  9 * * *',
    })
    expect(job).toMatchObject({ name: 'Birds of spring', prompt: ' Which\n\nbirds? ', schedule: '0 9 * * *' })
    expect(() => newTestJob(noon, { prompt: 'x'.repeat(1_000_001) })).toThrow(
      expect.objectContaining({ code: 'TOO_LARGE' }),
    )
  })
})

describe('a due time', () => {
  test('starts a run when it is reached, and not before', () => {
    const job = newTestJob(noon)
    expect(findDueTimes(job, noon + 30 * minute - 1)).toBeNull()
    const { job: running, run } = startDue(job, noon + 30 * minute + 3)
    expect(run).toMatchObject({
      jobId: job.id,
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

  test('that is the latest after an outage has a run, and the earlier ones are skipped', () => {
    const { job: running, run } = startDue(newTestJob(noon), noon + 7 * day + minute)
    expect(run).toMatchObject({ scheduledFor: noon + 7 * day, startedAt: noon + 7 * day + minute })
    expect(running).toMatchObject({ skippedRuns: 7 * 48 - 1, nextRunAt: noon + 7 * day + 30 * minute })
  })

  test('of a one-time job has its run late rather than never', () => {
    const { job: running, run } = startDue(newTestJob(noon, { schedule: 'in 2h' }), noon + 9 * day)
    expect(run).toMatchObject({ scheduledFor: noon + 2 * hour, startedAt: noon + 9 * day })
    expect(running).toMatchObject({ skippedRuns: 0, nextRunAt: null })
    expect(finishJobRun({ job: running, run }, ok, noon + 9 * day).job).toMatchObject({
      state: 'COMPLETED',
      completedRuns: 1,
    })
  })

  test('is skipped while a run is active', () => {
    const first = startDue(newTestJob(noon), noon + 30 * minute)
    const due = findDueTimes(first.job, noon + 95 * minute)
    expect(due).toEqual({ latest: noon + 90 * minute, count: 2 })
    const waiting = skipDueTimes(first.job, due ?? { latest: 0, count: 0 }, false)
    expect(waiting).toMatchObject({ state: 'RUNNING', skippedRuns: 2, nextRunAt: noon + 2 * hour })
    expect(finishJobRun({ ...first, job: waiting }, ok, noon + 100 * minute).job).toMatchObject({
      state: 'SCHEDULED',
      completedRuns: 1,
    })
  })

  test('of a one-time job waits for the end of a manual run', () => {
    const manual = startManualJobRun(newTestJob(noon, { schedule: 'in 2h' }), noon + hour, newRunIds())
    expect(findDueTimes(manual.job, noon + 3 * hour)).toBeNull()
    const { job: ended } = finishJobRun(manual, ok, noon + 3 * hour)
    expect(startDue(ended, noon + 3 * hour).run.scheduledFor).toBe(noon + 2 * hour)
  })

  test('that has had its run has no second one', () => {
    const job = newTestJob(noon)
    const due = findDueTimes(job, noon + 65 * minute)
    expect(skipDueTimes(job, due ?? { latest: 0, count: 0 }, true)).toMatchObject({
      skippedRuns: 1,
      nextRunAt: noon + 90 * minute,
      runningTrigger: null,
    })
  })
})

describe('a run ends', () => {
  const running = startDue(newTestJob(noon), noon + 30 * minute)

  test.each<[string, JobRunOutcome, Partial<JobRunOutcome>]>([
    ['with its output', ok, { status: 'OK', output: 'The starlings.', error: null }],
    [
      'with its error and the output before it',
      { status: 'ERROR', output: 'The star', error: 'The provider is gone.' },
      { status: 'ERROR', output: 'The star', error: 'The provider is gone.' },
    ],
    ['as cancelled', { status: 'CANCELLED', output: 'The', error: null }, { status: 'CANCELLED', output: 'The' }],
    [
      'as interrupted',
      interruptedJobRunOutcome,
      { status: 'INTERRUPTED', output: null, error: 'The server stopped during the run.' },
    ],
  ])('%s', (_, outcome, expected) => {
    const { job: after, run } = finishJobRun(running, outcome, noon + hour)
    expect(run).toMatchObject({ ...expected, finishedAt: noon + hour })
    expect(after).toMatchObject({ state: 'SCHEDULED', runningTrigger: null, completedRuns: 1, nextRunAt: noon + hour })
  })

  test.each(['', '  \n\t ', '\u200b\u00ad', '\u2060 \ufeff'])('with an error if its output is blank (%j)', (output) => {
    const { run } = finishJobRun(running, { status: 'OK', output, error: null }, noon + hour)
    expect(run).toMatchObject({ status: 'ERROR', output: null, error: 'The agent finished without a response.' })
  })

  test('no earlier than it started, whatever the clock says', () => {
    expect(finishJobRun(running, ok, noon - day).run.finishedAt).toBe(running.run.startedAt)
  })
})

describe('repetitions', () => {
  test('are used up by scheduled runs, whatever their outcome, and then the job is completed', () => {
    let job = newTestJob(noon, { repeatLimit: 2 })
    expect([...generateUpcomingJobRuns(job, 5)]).toEqual([noon + 30 * minute, noon + hour])
    const first = startDue(job, noon + 30 * minute)
    expect([...generateUpcomingJobRuns(first.job, 5)]).toEqual([noon + hour])
    job = finishJobRun(first, interruptedJobRunOutcome, noon + 31 * minute).job
    const second = startDue(job, noon + hour)
    expect(second.job.nextRunAt).toBeNull()
    job = finishJobRun(second, { status: 'ERROR', output: null, error: 'No.' }, noon + hour).job
    expect(job).toMatchObject({ state: 'COMPLETED', completedRuns: 2, nextRunAt: null })
    expect(findDueTimes(job, noon + day)).toBeNull()
    expect([...generateUpcomingJobRuns(job, 5)]).toEqual([])
  })

  test('are not used up by manual runs, which are possible in any state and do not move the schedule', () => {
    let job = newTestJob(noon, { repeatLimit: 1 })
    for (const state of ['SCHEDULED', 'PAUSED', 'COMPLETED']) {
      if (state === 'PAUSED') job = applyJobPatch(job, { enabled: false }, noon)
      if (state === 'COMPLETED') {
        job = applyJobPatch(job, { enabled: true }, noon)
        job = finishJobRun(startDue(job, noon + 30 * minute), ok, noon + 30 * minute).job
      }
      expect(job.state).toBe(state)
      const manual = startManualJobRun(job, noon, newRunIds())
      expect(manual).toMatchObject({ run: { trigger: 'MANUAL', scheduledFor: null }, job: { state: 'RUNNING' } })
      const { job: after } = finishJobRun(manual, ok, noon)
      expect({ ...after, revision: 0, runCount: 0 }).toEqual({ ...job, revision: 0, runCount: 0 })
      job = after
    }
  })

  test('continue from now with a higher limit, and end with a lower one', () => {
    const job = finishJobRun(
      startDue(newTestJob(noon, { repeatLimit: 1 }), noon + 30 * minute),
      ok,
      noon + 31 * minute,
    ).job
    const raised = applyJobPatch(job, { repeatLimit: 3 }, noon + day)
    expect(raised).toMatchObject({ state: 'SCHEDULED', nextRunAt: noon + day + 30 * minute, skippedRuns: 0 })
    expect(applyJobPatch(raised, { repeatLimit: 1 }, noon + day)).toMatchObject({ state: 'COMPLETED', nextRunAt: null })
    expect(applyJobPatch(job, { repeatLimit: null }, noon + day).state).toBe('SCHEDULED')
  })
})

test('upcoming runs of a Hermes job are listed if Segue understands its schedule', () => {
  const hermesJob = (schedule: string): JobRecord => ({
    ...newTestJob(noon),
    origin: 'HERMES',
    schedule,
    nextRunAt: noon + hour,
    anchor: noon + hour,
  })
  expect([...generateUpcomingJobRuns(hermesJob('every 30m'), 3)]).toEqual([
    noon + hour,
    noon + 90 * minute,
    noon + 2 * hour,
  ])
  expect([...generateUpcomingJobRuns(hermesJob('0 13 * * *'), 2)]).toEqual([noon + hour, noon + hour + day])
  expect([...generateUpcomingJobRuns(hermesJob('0 13 * * * 30'), 3)]).toEqual([noon + hour])
  expect([...generateUpcomingJobRuns(hermesJob('weekdays at 9am'), 3)]).toEqual([noon + hour])
})

describe('an update', () => {
  test('can pause a job, and due times during the pause have no run later', () => {
    const paused = applyJobPatch(newTestJob(noon), { enabled: false }, noon + minute)
    expect(paused).toMatchObject({ state: 'PAUSED', nextRunAt: null, enabled: false })
    expect(findDueTimes(paused, noon + day)).toBeNull()
    const resumed = applyJobPatch(paused, { enabled: true }, noon + day + minute)
    expect(resumed).toMatchObject({ state: 'SCHEDULED', nextRunAt: noon + day + 30 * minute, skippedRuns: 0 })
  })

  test('can resume a one-time job whose time has passed, which then runs late', () => {
    const paused = applyJobPatch(newTestJob(noon, { schedule: 'in 2h' }), { enabled: false }, noon)
    const resumed = applyJobPatch(paused, { enabled: true }, noon + day)
    expect(startDue(resumed, noon + day).run.scheduledFor).toBe(noon + 2 * hour)
  })

  test('can pause a running job when its run has ended', () => {
    const running = startDue(newTestJob(noon), noon + 30 * minute)
    const paused = applyJobPatch(running.job, { enabled: false }, noon + 31 * minute)
    expect(paused).toMatchObject({ state: 'RUNNING', nextRunAt: null })
    expect(finishJobRun({ ...running, job: paused }, ok, noon + 40 * minute).job.state).toBe('PAUSED')
  })

  test('of the schedule starts over', () => {
    const changed = applyJobPatch(newTestJob(noon), { schedule: 'in 2h' }, noon + 10 * minute)
    expect(changed).toMatchObject({ recurring: false, nextRunAt: noon + 130 * minute, schedule: 'in 2h' })
    const done = finishJobRun(startDue(changed, noon + 130 * minute), ok, noon + 131 * minute).job
    expect(done.state).toBe('COMPLETED')
    expect(applyJobPatch(done, { schedule: 'every 1h' }, noon + day)).toMatchObject({
      state: 'SCHEDULED',
      nextRunAt: noon + day + hour,
    })
  })

  test('with the same schedule, or of another field, does not move the schedule', () => {
    const job = newTestJob(noon, { schedule: 'in 2h' })
    const same = applyJobPatch(
      job,
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
    const done = finishJobRun(startDue(same, noon + 2 * hour), ok, noon + 2 * hour).job
    expect(applyJobPatch(done, { schedule: 'in 2h', name: 'Jays' }, noon + day)).toMatchObject({ state: 'COMPLETED' })
  })

  test('of the time zone moves a cron schedule, but not an interval', () => {
    const job = newTestJob(noon, { schedule: '0 9 * * *', timezone: 'UTC' })
    const moved = applyJobPatch(job, { timezone: 'Asia/Kolkata' }, noon)
    expect(moved.nextRunAt).toBe(parseTime('2026-11-23T03:30:00Z'))
    expect(applyJobPatch(newTestJob(noon), { timezone: 'Asia/Kolkata' }, noon + minute).nextRunAt).toBe(
      noon + 30 * minute,
    )
  })

  test('with an invalid value is rejected', () => {
    const job = newTestJob(noon)
    expect(() => applyJobPatch(job, { schedule: '2026-11-22T11:00:00Z' }, noon)).toThrow(/has passed/)
    expect(() => applyJobPatch(job, { schedule: '30m' }, noon)).toThrow(/is ambiguous/)
    expect(() => applyJobPatch(job, { timezone: 'Mars/Olympus' }, noon)).toThrow(/time zone/)
    expect(() => applyJobPatch(job, { repeatLimit: 0 }, noon)).toThrow(/repeatLimit is 0/)
    expect(() => applyJobPatch(job, { repeatLimit: -1 }, noon)).toThrow(
      'The repeatLimit is -1. Use 1 or more. For no limit, leave it out of a new job, and set it to 0 in a change.',
    )
    expect(() => applyJobPatch(job, { name: '' }, noon)).toThrow(/name/)
  })
})

describe('a reevaluation', () => {
  test('changes nothing when nothing has changed', () => {
    expect(reevaluateJobDueTimes(newTestJob(noon), noon + day)).toBeNull()
  })

  test('sets a job to ERROR while its time zone is unknown', () => {
    const lost: SegueJob = { ...newTestJob(noon), timezone: 'Mars/Olympus' }
    const faulty = reevaluateJobDueTimes(lost, noon)
    expect(faulty).toMatchObject({
      state: 'ERROR',
      nextRunAt: null,
      scheduleError: expect.stringContaining('Mars/Olympus'),
    })
    if (!faulty) return
    expect(findDueTimes(faulty, noon + day)).toBeNull()
    expect([...generateUpcomingJobRuns(faulty, 3)]).toEqual([])
    expect(applyJobPatch(faulty, { name: 'Martians' }, noon)).toMatchObject({ state: 'ERROR', name: 'Martians' })
    expect(applyJobPatch(faulty, { timezone: 'UTC' }, noon)).toMatchObject({ state: 'SCHEDULED', scheduleError: null })
    expect(finishJobRun(startManualJobRun(faulty, noon, newRunIds()), ok, noon).job.state).toBe('ERROR')
    const known: SegueJob = { ...faulty, timezone: 'UTC' }
    expect(reevaluateJobDueTimes(known, noon)).toMatchObject({ state: 'SCHEDULED', scheduleError: null })
  })

  test('reopens due times that were processed while the clock was far ahead', () => {
    const { job: ahead, run } = startDue(newTestJob(noon), parseTime('2099-01-01T00:00:00Z'))
    const { job: waiting } = finishJobRun({ job: ahead, run }, ok, parseTime('2099-01-01T00:01:00Z'))
    expect(waiting.nextRunAt).toBeGreaterThan(parseTime('2099-01-01T00:00:00Z'))
    expect(reevaluateJobDueTimes(waiting, noon + hour)?.nextRunAt).toBe(noon + 90 * minute)
    const slightly = finishJobRun(startDue(newTestJob(noon), noon + 3 * hour), ok, noon + 3 * hour).job
    expect(reevaluateJobDueTimes(slightly, noon + hour)).toBeNull()
  })
})

describe('a job of a clock that was three days ahead', () => {
  const wrong = noon + 3 * day
  const newWrongJob = (schedule: string) =>
    newSegueJob(newJobInput({ schedule }), { id: 'job', profile: 'default', now: wrong })

  test('that is due at intervals counts from the time at which the clock is right', () => {
    const corrected = reevaluateJobDueTimes(newWrongJob('every 10m'), noon)
    expect(corrected?.nextRunAt).toBe(noon + 10 * minute)
    expect(corrected && reevaluateJobDueTimes(corrected, noon + minute)).toBeNull()
  })

  test('that version 0.1 has reevaluated counts from then as well', () => {
    const reevaluated: SegueJob = { ...newWrongJob('every 10m'), processedUntil: noon }
    expect(reevaluateJobDueTimes(reevaluated, noon)?.nextRunAt).toBe(noon + 10 * minute)
  })

  test('that is due once after a delay waits for that delay', () => {
    expect(reevaluateJobDueTimes(newWrongJob('in 2h'), noon)?.nextRunAt).toBe(noon + 2 * hour)
  })

  test('that has a cron expression is due at its next time', () => {
    expect(reevaluateJobDueTimes(newWrongJob('*/10 * * * *'), noon)?.nextRunAt).toBe(noon + 10 * minute)
  })

  test('does not run a second time if it was due once and has had its run', () => {
    for (const schedule of ['in 2h', '2026-11-25T14:00:00Z']) {
      const { job: started, run } = startDue(newWrongJob(schedule), wrong + 2 * hour)
      const { job } = finishJobRun({ job: started, run }, ok, wrong + 2 * hour)
      expect(job).toMatchObject({ state: 'COMPLETED', nextRunAt: null })
      expect(reevaluateJobDueTimes(job, noon)).toBeNull()
    }
  })
})

test('after any sequence of events, each due time has had one run or was skipped', () => {
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
    { weight: 1, arbitrary: fc.record({ type: fc.constant('manual' as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({ type: fc.constant('limit' as const), to: fc.option(fc.integer({ min: 1, max: 9 })) }),
    },
  )
  const schedules = fc.constantFrom('every 40m', '15 * * * *', '30 2 * * *')
  fc.assert(
    fc.property(schedules, fc.array(command, { maxLength: 60 }), (schedule, commands) => {
      let now = parseTime('2026-03-27T12:00:00Z')
      let job = newSegueJob(newJobInput({ schedule, timezone: 'Europe/Stockholm' }), {
        id: 'job',
        profile: 'default',
        now,
      })
      let running: JobRunTransition['run'] | null = null
      let dueCount = 0
      const runTimes: number[] = []
      for (const step of commands) {
        now += 'by' in step ? step.by : 0
        if (running && (step.type === 'end' || step.type === 'crash')) {
          job = finishJobRun({ job, run: running }, step.type === 'end' ? ok : interruptedJobRunOutcome, now).job
          running = null
        }
        if (step.type === 'limit') job = applyJobPatch(job, { repeatLimit: step.to }, now)
        const due = findDueTimes(job, now)
        if (due) {
          dueCount += due.count
          if (running) job = skipDueTimes(job, due, false)
          else ({ job, run: running } = startDueRun(job, due, now, newRunIds()))
          if (running.scheduledFor !== null && runTimes.at(-1) !== running.scheduledFor)
            runTimes.push(running.scheduledFor)
        } else if (step.type === 'manual' && !running)
          ({ job, run: running } = startManualJobRun(job, now, newRunIds()))
        expect(runTimes).toEqual([...new Set(runTimes)].sort((a, b) => a - b))
        expect(runTimes.length + job.skippedRuns).toBe(dueCount)
        expect(job.completedRuns + (job.runningTrigger === 'SCHEDULE' ? 1 : 0)).toBe(runTimes.length)
        expect(job.runningTrigger).toBe(running?.trigger ?? null)
        expect(findDueTimes(job, now)).toBeNull()
        if (job.nextRunAt !== null) expect(job.nextRunAt).toBeGreaterThan(now)
      }
    }),
    { numRuns: 60 },
  )
})
