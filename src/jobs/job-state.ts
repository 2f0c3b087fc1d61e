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
import type { JobRecord, JobRunRecord, JobRunStatus, JobState, JobTrigger, SegueJob } from '../model/job.ts'
import { normalizeJobInput, type JobInput, type JobPatch } from './job-input.ts'
import { parseSchedule } from './schedule/parse-schedule.ts'
import { type DueTimes, listNextDueTimes, type Schedule } from './schedule/schedule.ts'

/** A job that was made to run, and its run; or both as they are when that has ended. */
export interface StartedRun {
  readonly job: SegueJob
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

const millisPerDay = 86_400_000 // milliseconds

/** A job that was just made. Throws BAD_USER_INPUT and TOO_LARGE for one that cannot be. */
export function createJob(
  input: JobInput,
  params: { readonly id: string; readonly profile: string; readonly now: number },
): SegueJob {
  const { now } = params
  const normalized = normalizeJobInput(input)
  const { recurring } = parseFutureSchedule({ ...normalized, anchor: now }, now)
  return withDerivedFields({
    ...normalized,
    id: params.id,
    origin: 'SEGUE',
    profile: params.profile,
    anchor: now,
    recurring,
    enabled: true,
    runningTrigger: null,
    completedRuns: 0,
    skippedRuns: 0,
    createdAt: now,
    processedUntil: now,
    runCount: 0,
    revision: 1,
  })
}

/**
 * A job after a change. Another schedule begins anew: `every` and `in` count from now. The same one, written once more,
 * goes on as it was. Throws BAD_USER_INPUT and TOO_LARGE.
 */
export function updateJob(job: SegueJob, patch: JobPatch, now: number): SegueJob {
  const patched = { ...job, ...normalizeJobInput(patch) }
  const hasNewSchedule = patched.schedule !== job.schedule
  const anchor = hasNewSchedule ? now : job.anchor
  if (hasNewSchedule) parseFutureSchedule({ ...patched, anchor }, now)
  else if (patched.timezone !== job.timezone) parseSchedule(patched)
  // What came by while nothing was due is not made up for.
  const keepsDueTimes = job.nextRunAt !== null && patched.timezone === job.timezone
  const processedUntil = keepsDueTimes || !job.recurring ? job.processedUntil : Math.max(job.processedUntil, now)
  return advance(patched, { anchor, processedUntil: hasNewSchedule ? now : processedUntil })
}

/** The due times that the clock has to settle by now; null when there are none, or one that has to wait. */
export function findDueTimes(job: SegueJob, now: number): DueTimes | null {
  if (job.nextRunAt === null || job.nextRunAt > now) return null
  if (job.runningTrigger !== null && !job.recurring) return null
  return tryParseSchedule(job).schedule?.dueBetween(job.processedUntil, now) ?? null
}

/** Begins the newest of the due times and passes the others over. */
export function startDueRun(job: SegueJob, due: DueTimes, now: number, ids: RunIds): StartedRun {
  const skippedRuns = job.skippedRuns + due.count - 1
  return startRun(
    { ...job, processedUntil: due.latest, skippedRuns },
    { ids, now, trigger: 'SCHEDULE', scheduledFor: due.latest },
  )
}

/** Passes all of the due times over: a run is under way, or `made`, the newest has had its own already. */
export function skipDue(job: SegueJob, due: DueTimes, latestHasRun: boolean): SegueJob {
  return advance(job, { processedUntil: due.latest, skippedRuns: job.skippedRuns + due.count - (latestHasRun ? 1 : 0) })
}

/** Begins a run by hand. The job must not be running. */
export function startManualRun(job: SegueJob, now: number, ids: RunIds): StartedRun {
  return startRun(job, { ids, now, trigger: 'MANUAL', scheduledFor: null })
}

/** Ends the run that is under way. */
export function finishRun({ job, run }: StartedRun, outcome: RunOutcome, now: number): StartedRun {
  const completedRuns = job.completedRuns + (run.trigger === 'SCHEDULE' ? 1 : 0)
  return {
    job: advance(job, { runningTrigger: null, completedRuns }),
    run: { ...run, ...normalizeOutcome(outcome), finishedAt: Math.max(now, run.startedAt) },
  }
}

/** How a run ends that the end of the server cut off. */
export const interruptedOutcome: RunOutcome = {
  status: 'INTERRUPTED',
  output: null,
  error: 'The server stopped during the run.',
}

/**
 * A job as it stands under today's rules, for time zones change their laws, and for today's clock; null when nothing
 * changes. A clock that was more than a day ahead was wrong: what it settled beyond today is taken back, except for the
 * runs that were made.
 */
export function reevaluate(job: SegueJob, now: number): SegueJob | null {
  const processedUntil = job.processedUntil > now + millisPerDay ? now : job.processedUntil
  const updated = advance(job, { processedUntil })
  const isSame =
    processedUntil === job.processedUntil &&
    updated.nextRunAt === job.nextRunAt &&
    updated.state === job.state &&
    updated.scheduleError === job.scheduleError
  return isSame ? null : updated
}

/** Up to `count` times at which a job's schedule comes next. */
export function listUpcomingRuns(job: JobRecord, count: number): number[] {
  if (job.nextRunAt === null) return []
  // Of six fields the seconds are the last one in Hermes: what comes behind the next run it knows alone.
  const isHermesSixField = job.origin === 'HERMES' && job.schedule.split(' ').length > 5
  const schedule = isHermesSixField ? null : tryParseSchedule(job).schedule
  const limit = Math.max(1, Math.min(count, countRepetitionsLeft(job)))
  return schedule ? [job.nextRunAt, ...listNextDueTimes(schedule, job.nextRunAt, limit - 1)] : [job.nextRunAt]
}

function startRun(
  job: SegueJob,
  params: {
    readonly ids: RunIds
    readonly now: number
    readonly trigger: JobTrigger
    readonly scheduledFor: number | null
  },
): StartedRun {
  const position = job.runCount + 1
  return {
    job: advance(job, { runningTrigger: params.trigger, runCount: position }),
    run: {
      id: params.ids.runId,
      jobId: job.id,
      position,
      trigger: params.trigger,
      status: 'RUNNING',
      scheduledFor: params.scheduledFor,
      startedAt: params.now,
      finishedAt: null,
      output: null,
      error: null,
      sessionId: params.ids.sessionId,
    },
  }
}

/** Whether a text shows nothing. */
export function isBlank(text: string): boolean {
  return /^[\s\p{Cc}\p{Cf}]*$/u.test(text)
}

/** An answer that says nothing is no answer. */
function normalizeOutcome({ status, output, error }: RunOutcome): RunOutcome {
  const text = output === null || isBlank(output) ? null : output.toWellFormed()
  if (status === 'OK' && text === null) {
    return { status: 'ERROR', output: null, error: 'The agent finished without a response.' }
  }
  return { status, output: text, error: error?.toWellFormed() ?? null }
}

type JobWithoutDerivedFields = Omit<SegueJob, 'state' | 'scheduleError' | 'nextRunAt'>

function advance(job: SegueJob, changes: Partial<JobWithoutDerivedFields>): SegueJob {
  return withDerivedFields({ ...job, ...changes, revision: job.revision + 1 })
}

/** The job with all that follows from what is known of it. */
function withDerivedFields(job: JobWithoutDerivedFields): SegueJob {
  const { schedule, fault } = tryParseSchedule(job)
  const nextDueAt = countRepetitionsLeft(job) > 0 ? (schedule?.next(job.processedUntil) ?? null) : null
  return {
    ...job,
    recurring: schedule?.recurring ?? job.recurring,
    nextRunAt: job.enabled ? nextDueAt : null,
    scheduleError: fault,
    state: deriveState(job, nextDueAt, fault),
  }
}

function deriveState(
  { runningTrigger, enabled }: JobWithoutDerivedFields,
  nextDueAt: number | null,
  fault: string | null,
): JobState {
  if (runningTrigger !== null) return 'RUNNING'
  if (fault !== null) return 'ERROR'
  if (nextDueAt === null) return 'COMPLETED'
  return enabled ? 'SCHEDULED' : 'PAUSED'
}

function countRepetitionsLeft({
  repeatLimit,
  completedRuns,
  runningTrigger: running,
}: Pick<JobRecord, 'repeatLimit' | 'completedRuns' | 'runningTrigger'>): number {
  if (repeatLimit === null) return Number.POSITIVE_INFINITY
  return repeatLimit - completedRuns - (running === 'SCHEDULE' ? 1 : 0)
}

type JobSchedule = Pick<JobRecord, 'schedule' | 'timezone' | 'anchor'>

/** What was understood once may not be today: zones are renamed, and databases move to other machines. */
function tryParseSchedule(job: JobSchedule): { readonly schedule: Schedule | null; readonly fault: string | null } {
  try {
    return { schedule: parseSchedule(job), fault: null }
  } catch (error) {
    return { schedule: null, fault: error instanceof Error ? error.message : String(error) }
  }
}

/** Throws BAD_USER_INPUT for a schedule that never comes after now. */
function parseFutureSchedule(job: JobSchedule, now: number): Schedule {
  const schedule = parseSchedule(job)
  if (schedule.next(now) !== null) return schedule
  throw badInput(
    schedule.recurring
      ? `"${job.schedule}" never comes: no calendar has such a day.`
      : `"${job.schedule}" has passed: a job runs at a time to come.`,
    'input',
    'schedule',
  )
}
