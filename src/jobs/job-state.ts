/**
 * The pure state machine of a job: (job, event) → job. It reads no clock and writes nothing. docs/jobs.md has the diagram.
 * A job settles its due times in order, each by one run or by skipping it; `processedUntil` is the last one it has settled.
 */

import type { JobRecord, JobRunRecord, JobRunStatus, JobState, JobTrigger, SegueJob } from '../model/job.ts'
import { applyBudgetChange } from './job-budget.ts'
import { normalizeJobInput, type JobInput, type JobPatch } from './job-input.ts'
import { parseFutureSchedule, parseSchedule } from './schedule/parse-schedule.ts'
import { type DueTimes, generateNextDueTimes, type Schedule } from './schedule/schedule.ts'

/** A job and one of its runs, after the run has started or after it has ended. */
export interface JobRunTransition {
  readonly job: SegueJob
  readonly run: JobRunRecord
}

/** How a run ended. */
export interface JobRunOutcome {
  readonly status: Exclude<JobRunStatus, 'RUNNING'>
  /** The agent's final text, or the part of it that was produced. */
  readonly output: string | null
  readonly error: string | null
}

export interface JobRunIds {
  readonly runId: string
  /** The session to create for the run. */
  readonly sessionId: string
}

const millisPerDay = 86_400_000

/** Creates a job. Throws BAD_USER_INPUT and TOO_LARGE for invalid input. */
export function newSegueJob(
  input: JobInput,
  params: { readonly id: string; readonly profile: string; readonly now: number },
): SegueJob {
  const { now } = params
  const { budget, ...normalized } = normalizeJobInput(input)
  const { recurring } = parseFutureSchedule({ ...normalized, anchor: now }, now)
  return withDerivedFields({
    ...normalized,
    ...(budget && { budget: applyBudgetChange(null, budget) }),
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
 * Applies a patch. A new schedule starts over: `every` and `in` count from now. A patch that repeats the current schedule
 * does not. Throws BAD_USER_INPUT and TOO_LARGE.
 */
export function applyJobPatch(job: SegueJob, patch: JobPatch, now: number): SegueJob {
  const { budget, ...normalized } = normalizeJobInput(patch)
  const patched = {
    ...job,
    ...normalized,
    ...(budget && { budget: applyBudgetChange(job.budget ?? null, budget) }),
  }
  const hasNewSchedule = patched.schedule !== job.schedule
  const anchor = hasNewSchedule ? now : job.anchor
  if (hasNewSchedule) parseFutureSchedule({ ...patched, anchor }, now)
  else if (patched.timezone !== job.timezone) parseSchedule(patched)
  // Due times that passed while the job was paused, or before the change of its time zone, are not made up for.
  const keepsDueTimes = job.nextRunAt !== null && patched.timezone === job.timezone
  const processedUntil = keepsDueTimes || !job.recurring ? job.processedUntil : Math.max(job.processedUntil, now)
  return advance(patched, { anchor, processedUntil: hasNewSchedule ? now : processedUntil })
}

/** The due times to settle now; null when there are none, or when a one-time job has to wait for its active run. */
export function findDueTimes(job: SegueJob, now: number): DueTimes | null {
  if (job.nextRunAt === null || job.nextRunAt > now) return null
  if (job.runningTrigger !== null && !job.recurring) return null
  return tryParseSchedule(job).schedule?.dueBetween(job.processedUntil, now) ?? null
}

/** Starts a run for the latest due time, and skips the others. */
export function startDueRun(job: SegueJob, due: DueTimes, now: number, ids: JobRunIds): JobRunTransition {
  const skippedRuns = job.skippedRuns + due.count - 1
  return startRun(
    { ...job, processedUntil: due.latest, skippedRuns },
    { ids, now, trigger: 'SCHEDULE', scheduledFor: due.latest },
  )
}

/** Skips all due times, because a run is active, or because the latest due time has already had its run. */
export function skipDueTimes(job: SegueJob, due: DueTimes, latestHasRun: boolean): SegueJob {
  return advance(job, { processedUntil: due.latest, skippedRuns: job.skippedRuns + due.count - (latestHasRun ? 1 : 0) })
}

/** Starts a manual run. The job must not be running. */
export function startManualJobRun(job: SegueJob, now: number, ids: JobRunIds): JobRunTransition {
  return startRun(job, { ids, now, trigger: 'MANUAL', scheduledFor: null })
}

/** Ends the active run, which keeps the usage that it has now. */
export function finishJobRun({ job, run }: JobRunTransition, outcome: JobRunOutcome, now: number): JobRunTransition {
  const completedRuns = job.completedRuns + (run.trigger === 'SCHEDULE' ? 1 : 0)
  return {
    job: advance(job, { runningTrigger: null, completedRuns }),
    run: { ...run, ...normalizeOutcome(outcome), finishedAt: Math.max(now, run.startedAt) },
  }
}

/** The outcome of a run that was active when the server died. */
export const interruptedJobRunOutcome: JobRunOutcome = {
  status: 'INTERRUPTED',
  output: null,
  error: 'The server stopped during the run.',
}

/**
 * Computes the due times again, because the rules of a time zone may have changed, or the clock. Null when nothing changes.
 * If the clock was more than a day ahead, the due times that were settled in the future count as open again, except for
 * those that have had a run, and `every` and `in` count from now if they counted from the future.
 */
export function reevaluateJobDueTimes(job: SegueJob, now: number): SegueJob | null {
  const latestPossible = now + millisPerDay
  // A one-time job that is settled has had its run.
  const isDone = !job.recurring && tryParseSchedule(job).schedule?.next(job.processedUntil) === null
  const processedUntil = job.processedUntil > latestPossible && !isDone ? now : job.processedUntil
  const anchor = job.anchor > latestPossible && !isDone ? now : job.anchor
  const updated = advance(job, { processedUntil, anchor })
  const isSame =
    processedUntil === job.processedUntil &&
    anchor === job.anchor &&
    updated.nextRunAt === job.nextRunAt &&
    updated.state === job.state &&
    updated.scheduleError === job.scheduleError
  return isSame ? null : updated
}

/** The next due times of a job, at most `count`, computed one by one. */
export function* generateUpcomingJobRuns(job: JobRecord, count: number): Generator<number, void, void> {
  if (job.nextRunAt === null) return
  // In Hermes the sixth field is the last one, not the first. Only Hermes can compute more than the next run.
  const isHermesSixField = job.origin === 'HERMES' && job.schedule.split(' ').length > 5
  const schedule = isHermesSixField ? null : tryParseSchedule(job).schedule
  const limit = Math.max(1, Math.min(count, countRepetitionsLeft(job)))
  yield job.nextRunAt
  if (schedule) yield* generateNextDueTimes(schedule, job.nextRunAt, limit - 1)
}

function startRun(
  job: SegueJob,
  params: {
    readonly ids: JobRunIds
    readonly now: number
    readonly trigger: JobTrigger
    readonly scheduledFor: number | null
  },
): JobRunTransition {
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
      usage: null,
    },
  }
}

/** Whether a text has no visible character. */
export function isBlank(text: string): boolean {
  return /^[\s\p{Cc}\p{Default_Ignorable_Code_Point}]*$/u.test(text)
}

/** A run with a blank output has failed. */
function normalizeOutcome({ status, output, error }: JobRunOutcome): JobRunOutcome {
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

/** Computes the fields that follow from the others. */
function withDerivedFields(job: JobWithoutDerivedFields): SegueJob {
  const { schedule, error } = tryParseSchedule(job)
  const nextDueAt = countRepetitionsLeft(job) > 0 ? (schedule?.next(job.processedUntil) ?? null) : null
  return {
    ...job,
    recurring: schedule?.recurring ?? job.recurring,
    nextRunAt: job.enabled ? nextDueAt : null,
    scheduleError: error,
    state: deriveState(job, nextDueAt, error),
  }
}

function deriveState(
  { runningTrigger, enabled }: JobWithoutDerivedFields,
  nextDueAt: number | null,
  scheduleError: string | null,
): JobState {
  if (runningTrigger !== null) return 'RUNNING'
  if (scheduleError !== null) return 'ERROR'
  if (nextDueAt === null) return 'COMPLETED'
  return enabled ? 'SCHEDULED' : 'PAUSED'
}

function countRepetitionsLeft({
  repeatLimit,
  completedRuns,
  runningTrigger,
}: Pick<JobRecord, 'repeatLimit' | 'completedRuns' | 'runningTrigger'>): number {
  if (repeatLimit === null) return Number.POSITIVE_INFINITY
  return repeatLimit - completedRuns - (runningTrigger === 'SCHEDULE' ? 1 : 0)
}

type JobSchedule = Pick<JobRecord, 'schedule' | 'timezone' | 'anchor'>

/** A stored schedule may have become invalid: time zones are renamed, and databases move to other machines. */
function tryParseSchedule(job: JobSchedule): { readonly schedule: Schedule | null; readonly error: string | null } {
  try {
    return { schedule: parseSchedule(job), error: null }
  } catch (error) {
    return { schedule: null, error: error instanceof Error ? error.message : String(error) }
  }
}
