/**
 * The life of a job: from its record and what happens to it, the record after that. Nothing here reads a clock or
 * writes. A job goes through its due times in order and settles each one exactly once, by a run or by passing it over:
 * `settledUntil` is how far it has come, and all that is shown of its future follows from that.
 *
 * - Of the due times that were missed, the newest is made, once; the older ones are passed over and counted.
 * - A recurring job never overlaps itself: what is due while it runs, by its schedule or by hand, is passed over and
 *   counted. A time that comes but once waits for the end of the run instead.
 * - What was due while a job was paused was not to be made, and is not counted; again, a time that comes but once waits.
 * - Runs of the schedule use up its repetitions, however they end. Runs by hand use up none, and move nothing.
 */

import { badInput } from '../lib/errors.ts'
import type { JobRecord, JobRunRecord, JobRunStatus, JobState, JobTrigger, OwnJob } from '../model/job.ts'
import { cleanJob, type JobInput, type JobPatch } from './job-input.ts'
import { readSchedule } from './schedule/parse-schedule.ts'
import { type DueTimes, nextRuns, type Schedule } from './schedule/schedule.ts'

/** A job that was made to run, and its run; or both as they are when that has ended. */
export interface Begun {
  readonly job: OwnJob
  readonly run: JobRunRecord
}

/** How a run ended. */
export interface RunOutcome {
  readonly status: Exclude<JobRunStatus, 'RUNNING'>
  /** The agent's final text, or what had come of it. */
  readonly output: string | null
  readonly error: string | null
}

export interface RunIds {
  readonly runId: string
  /** The session that the run is to be held in. */
  readonly sessionId: string
}

const day = 86_400_000 // milliseconds

/** A job that was just made. Throws BAD_USER_INPUT and TOO_LARGE for one that cannot be. */
export function newJob(
  input: JobInput,
  of: { readonly id: string; readonly profile: string; readonly now: number },
): OwnJob {
  const { now } = of
  const given = cleanJob(input)
  const { recurring } = readNew({ ...given, anchor: now }, now)
  return understood({
    ...given,
    id: of.id,
    origin: 'SEGUE',
    profile: of.profile,
    anchor: now,
    recurring,
    enabled: true,
    running: null,
    completedRuns: 0,
    skippedRuns: 0,
    createdAt: now,
    settledUntil: now,
    runCount: 0,
    revision: 1,
  })
}

/**
 * A job after a change. Another schedule begins anew: `every` and `in` count from now. The same one, written once more,
 * goes on as it was. Throws BAD_USER_INPUT and TOO_LARGE.
 */
export function changedJob(job: OwnJob, patch: JobPatch, now: number): OwnJob {
  const given = { ...job, ...cleanJob(patch) }
  const isNew = given.schedule !== job.schedule
  const anchor = isNew ? now : job.anchor
  if (isNew) readNew({ ...given, anchor }, now)
  else if (given.timezone !== job.timezone) readSchedule(given)
  // What came by while nothing was due is not made up for.
  const isAwake = job.nextRunAt !== null && given.timezone === job.timezone
  const settledUntil = isAwake || !job.recurring ? job.settledUntil : Math.max(job.settledUntil, now)
  return next(given, { anchor, settledUntil: isNew ? now : settledUntil })
}

/** The due times that the clock has to settle by now; null when there are none, or one that has to wait. */
export function dueBy(job: OwnJob, now: number): DueTimes | null {
  if (job.nextRunAt === null || job.nextRunAt > now) return null
  if (job.running !== null && !job.recurring) return null
  return readable(job).schedule?.due(job.settledUntil, now) ?? null
}

/** Begins the newest of the due times and passes the others over. */
export function beginDue(job: OwnJob, due: DueTimes, now: number, ids: RunIds): Begun {
  const skippedRuns = job.skippedRuns + due.count - 1
  return begin(
    { ...job, settledUntil: due.newest, skippedRuns },
    { ids, now, trigger: 'SCHEDULE', scheduledFor: due.newest },
  )
}

/** Passes all of the due times over: a run is under way, or `made`, the newest has had its own already. */
export function passOver(job: OwnJob, due: DueTimes, made: boolean): OwnJob {
  return next(job, { settledUntil: due.newest, skippedRuns: job.skippedRuns + due.count - (made ? 1 : 0) })
}

/** Begins a run by hand. The job must not be running. */
export function beginByHand(job: OwnJob, now: number, ids: RunIds): Begun {
  return begin(job, { ids, now, trigger: 'MANUAL', scheduledFor: null })
}

/** Ends the run that is under way. */
export function endRun({ job, run }: Begun, outcome: RunOutcome, now: number): Begun {
  const completedRuns = job.completedRuns + (run.trigger === 'SCHEDULE' ? 1 : 0)
  return {
    job: next(job, { running: null, completedRuns }),
    run: { ...run, ...judged(outcome), finishedAt: Math.max(now, run.startedAt) },
  }
}

/** How a run ends that the end of the server cut off. */
export const interrupted: RunOutcome = {
  status: 'INTERRUPTED',
  output: null,
  error: 'The server stopped during the run.',
}

/**
 * A job as it stands under today's rules, for time zones change their laws, and for today's clock; null when nothing
 * changes. A clock that was more than a day ahead was wrong: what it settled beyond today is taken back, except for the
 * runs that were made.
 */
export function reviewed(job: OwnJob, now: number): OwnJob | null {
  const settledUntil = job.settledUntil > now + day ? now : job.settledUntil
  const after = next(job, { settledUntil })
  const isSame =
    settledUntil === job.settledUntil &&
    after.nextRunAt === job.nextRunAt &&
    after.state === job.state &&
    after.fault === job.fault
  return isSame ? null : after
}

/** Up to `count` times at which a job's schedule comes next. */
export function upcoming(job: JobRecord, count: number): number[] {
  if (job.nextRunAt === null) return []
  // Of six fields the seconds are the last one in Hermes: what comes behind the next run it knows alone.
  const isTheirs = job.origin === 'HERMES' && job.schedule.split(' ').length > 5
  const schedule = isTheirs ? null : readable(job).schedule
  const most = Math.max(1, Math.min(count, repetitionsLeft(job)))
  return schedule ? [job.nextRunAt, ...nextRuns(schedule, job.nextRunAt, most - 1)] : [job.nextRunAt]
}

function begin(
  job: OwnJob,
  of: {
    readonly ids: RunIds
    readonly now: number
    readonly trigger: JobTrigger
    readonly scheduledFor: number | null
  },
): Begun {
  const position = job.runCount + 1
  return {
    job: next(job, { running: of.trigger, runCount: position }),
    run: {
      id: of.ids.runId,
      jobId: job.id,
      position,
      trigger: of.trigger,
      status: 'RUNNING',
      scheduledFor: of.scheduledFor,
      startedAt: of.now,
      finishedAt: null,
      output: null,
      error: null,
      sessionId: of.ids.sessionId,
    },
  }
}

/** Whether a text shows nothing. */
export function isBlank(text: string): boolean {
  return /^[\s\p{Cc}\p{Cf}]*$/u.test(text)
}

/** An answer that says nothing is no answer. */
function judged({ status, output, error }: RunOutcome): RunOutcome {
  const text = output === null || isBlank(output) ? null : output.toWellFormed()
  if (status === 'OK' && text === null) {
    return { status: 'ERROR', output: null, error: 'The agent finished without a response.' }
  }
  return { status, output: text, error: error?.toWellFormed() ?? null }
}

type Known = Omit<OwnJob, 'state' | 'fault' | 'nextRunAt'>

function next(job: OwnJob, changes: Partial<Known>): OwnJob {
  return understood({ ...job, ...changes, revision: job.revision + 1 })
}

/** The job with all that follows from what is known of it. */
function understood(job: Known): OwnJob {
  const { schedule, fault } = readable(job)
  const due = repetitionsLeft(job) > 0 ? (schedule?.next(job.settledUntil) ?? null) : null
  return {
    ...job,
    recurring: schedule?.recurring ?? job.recurring,
    nextRunAt: job.enabled ? due : null,
    fault,
    state: stateOf(job, due, fault),
  }
}

function stateOf({ running, enabled }: Known, due: number | null, fault: string | null): JobState {
  if (running !== null) return 'RUNNING'
  if (fault !== null) return 'ERROR'
  if (due === null) return 'COMPLETED'
  return enabled ? 'SCHEDULED' : 'PAUSED'
}

function repetitionsLeft({
  repeatLimit,
  completedRuns,
  running,
}: Pick<JobRecord, 'repeatLimit' | 'completedRuns' | 'running'>): number {
  if (repeatLimit === null) return Number.POSITIVE_INFINITY
  return repeatLimit - completedRuns - (running === 'SCHEDULE' ? 1 : 0)
}

type ScheduleOf = Pick<JobRecord, 'schedule' | 'timezone' | 'anchor'>

/** What was understood once may not be today: zones are renamed, and databases move to other machines. */
function readable(job: ScheduleOf): { readonly schedule: Schedule | null; readonly fault: string | null } {
  try {
    return { schedule: readSchedule(job), fault: null }
  } catch (error) {
    return { schedule: null, fault: error instanceof Error ? error.message : String(error) }
  }
}

/** Throws BAD_USER_INPUT for a schedule that never comes after now. */
function readNew(job: ScheduleOf, now: number): Schedule {
  const schedule = readSchedule(job)
  if (schedule.next(now) !== null) return schedule
  throw badInput(
    schedule.recurring
      ? `"${job.schedule}" never comes: no calendar has such a day.`
      : `"${job.schedule}" has passed: a job runs at a time to come.`,
    'input',
    'schedule',
  )
}
