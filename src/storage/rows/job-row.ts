import type { JobRunRecord, SegueJob } from '../../model/job.ts'
import { normalizeStoredUsage } from '../../model/usage.ts'

export interface JobRow {
  id: string
  name: string
  prompt: string
  schedule: string
  timezone: string
  anchor: number
  recurring: number
  model: string | null
  instructions: string | null
  effort: string | null
  budget: string | null
  enabled: number
  state: SegueJob['state']
  fault: string | null
  running: SegueJob['runningTrigger']
  repeat_limit: number | null
  completed_runs: number
  skipped_runs: number
  next_run_at: number | null
  created_at: number
  settled_until: number
  run_count: number
  revision: number
}

export function jobFromRow(row: JobRow, profile: string): SegueJob {
  return {
    id: row.id,
    origin: 'SEGUE',
    profile,
    name: row.name,
    prompt: row.prompt,
    schedule: row.schedule,
    timezone: row.timezone,
    anchor: row.anchor,
    recurring: row.recurring === 1,
    model: row.model,
    ...(row.instructions !== null && { instructions: row.instructions }),
    ...(row.effort !== null && { effort: row.effort }),
    ...(row.budget !== null && { budget: JSON.parse(row.budget) }),
    enabled: row.enabled === 1,
    state: row.state,
    scheduleError: row.fault,
    runningTrigger: row.running,
    repeatLimit: row.repeat_limit,
    completedRuns: row.completed_runs,
    skippedRuns: row.skipped_runs,
    nextRunAt: row.next_run_at,
    createdAt: row.created_at,
    processedUntil: row.settled_until,
    runCount: row.run_count,
    revision: row.revision,
  }
}

export function jobToRow(job: SegueJob): JobRow {
  return {
    id: job.id,
    name: job.name,
    prompt: job.prompt,
    schedule: job.schedule,
    timezone: job.timezone,
    anchor: job.anchor,
    recurring: job.recurring ? 1 : 0,
    model: job.model,
    instructions: job.instructions ?? null,
    effort: job.effort ?? null,
    budget: job.budget ? JSON.stringify(job.budget) : null,
    enabled: job.enabled ? 1 : 0,
    state: job.state,
    fault: job.scheduleError,
    running: job.runningTrigger,
    repeat_limit: job.repeatLimit,
    completed_runs: job.completedRuns,
    skipped_runs: job.skippedRuns,
    next_run_at: job.nextRunAt,
    created_at: job.createdAt,
    settled_until: job.processedUntil,
    run_count: job.runCount,
    revision: job.revision,
  }
}

export interface JobRunRow {
  id: string
  job_id: string
  position: number
  trigger: JobRunRecord['trigger']
  status: JobRunRecord['status']
  scheduled_for: number | null
  started_at: number
  finished_at: number | null
  output: string | null
  error: string | null
  session_id: string | null
  change: number
  usage: string | null
}

/** A row, and the usage of the run's stream while the run is in progress. */
export interface JobRunRowWithUsage extends JobRunRow {
  usage_so_far: string | null
}

export function jobRunToRow(run: JobRunRecord, change: number): JobRunRow {
  return {
    id: run.id,
    job_id: run.jobId,
    position: run.position,
    trigger: run.trigger,
    status: run.status,
    scheduled_for: run.scheduledFor,
    started_at: run.startedAt,
    finished_at: run.finishedAt,
    output: run.output,
    error: run.error,
    session_id: run.sessionId,
    change,
    usage: run.usage && JSON.stringify(run.usage),
  }
}

export function jobRunFromRow(row: JobRunRowWithUsage): JobRunRecord {
  const usage = row.usage ?? row.usage_so_far
  return {
    id: row.id,
    jobId: row.job_id,
    position: row.position,
    trigger: row.trigger,
    status: row.status,
    scheduledFor: row.scheduled_for,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    output: row.output,
    error: row.error,
    sessionId: row.session_id,
    usage: usage === null ? null : normalizeStoredUsage(JSON.parse(usage)),
  }
}
