import type { JobRecord, JobState } from '../../model/job.ts'
import { type Json, isJsonObject, parseJson } from '../../lib/json.ts'
import { parsePythonTime } from './python-time.ts'
import { toCount, toText } from '../state/cell-values.ts'

type JobFields = { readonly [key: string]: Json }

export interface JobParseContext {
  readonly profile: string
  /** The zone in which Hermes tells the time. */
  readonly timezone: string
  readonly now: number
}

const claimLeaseMs = 300_000 // milliseconds after which a claim that nobody renews is that of a dead process

/** The jobs in the text of a jobs.json, in whichever of its forms. Throws when nothing can be made of it. */
export function parseJobsFile(text: string): JobFields[] {
  const json = text.replace(/^\uFEFF/, '')
  const value = parseJson(json) ?? parseJson(escapeControlCharacters(json))
  const list = isJsonObject(value) && value.jobs !== undefined ? value.jobs : value
  if (Array.isArray(list)) return list.filter(isJsonObject)
  if (!isJsonObject(list)) throw new Error('it holds no jobs')
  return Object.entries(list).flatMap(([id, job]) => (isJsonObject(job) ? [{ id, ...job }] : []))
}

/** Python lets control characters stand in a string as they are. */
function escapeControlCharacters(json: string): string {
  const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  return json.replace(/"(?:[^"\\]|\\[^])*"/g, (literal) => literal.replace(/\p{Cc}/gu, escape))
}

/**
 * A job from its definition and what a runtime.db has on it; older versions keep all of it in the definition, which
 * counts for more. Null for one without an id.
 */
export function toJobRecord(
  definition: JobFields,
  runtime: JobFields,
  { profile, timezone, now }: JobParseContext,
): JobRecord | null {
  const job: JobFields = { ...runtime, ...definition }
  const id = toText(job.id)
  if (id === null || id === '') return null
  const parseTime = (value: Json | undefined): number | null => parsePythonTime(value, timezone)
  const enabled = isEnabled(job)
  const isRunning = [job.fire_claim, job.run_claim].some(
    (claim) => isJsonObject(claim) && (parseTime(claim.at) ?? 0) > now - claimLeaseMs,
  )
  const state = toJobState(job, enabled, isRunning)
  const nextRunAt = enabled && state !== 'COMPLETED' && state !== 'ERROR' ? parseTime(job.next_run_at) : null
  const createdAt = parseTime(job.created_at) ?? 0
  const schedule = formatSchedule(job, timezone)
  return {
    id,
    origin: 'HERMES',
    profile,
    name: toText(job.name) || id,
    prompt: toText(job.prompt) ?? '',
    schedule: schedule.text,
    timezone,
    anchor: nextRunAt ?? createdAt,
    recurring: schedule.recurring,
    model: toText(job.model) || null,
    enabled,
    state,
    scheduleError: state === 'ERROR' ? (toText(job.last_error) ?? 'Hermes cannot tell when it comes next.') : null,
    runningTrigger: isRunning ? 'SCHEDULE' : null,
    repeatLimit: (isJsonObject(job.repeat) && toCount(job.repeat.times)) || null,
    completedRuns: countCompletedRuns(definition, runtime),
    skippedRuns: 0,
    nextRunAt,
    createdAt,
  }
}

/** A mark of a pause counts as much as the flag: either keeps Hermes from running it. */
function isEnabled({ enabled, state, paused_at }: JobFields): boolean {
  return enabled !== false && state !== 'paused' && (paused_at ?? '') === ''
}

function toJobState({ state }: JobFields, enabled: boolean, running: boolean): JobState {
  if (running) return 'RUNNING'
  if (state === 'completed') return 'COMPLETED'
  if (state === 'error') return 'ERROR'
  return enabled ? 'SCHEDULED' : 'PAUSED'
}

function countCompletedRuns(definition: JobFields, runtime: JobFields): number {
  const counts = [definition.repeat, runtime.repeat].map((repeat) =>
    isJsonObject(repeat) ? repeat.completed : undefined,
  )
  return toCount(counts[0] ?? runtime.repeat_completed ?? counts[1])
}

/** In the words of this server, where it has some; what is understood by Hermes alone stands as it is displayed there. */
function formatSchedule(job: JobFields, timezone: string): { readonly text: string; readonly recurring: boolean } {
  const { schedule } = job
  const displayed = toText(job.schedule_display) ?? ''
  if (!isJsonObject(schedule)) return { text: toText(schedule) ?? displayed, recurring: true }
  const { kind, expr, minutes, run_at, display } = schedule
  const recurring = kind !== 'once'
  const at = parsePythonTime(run_at, timezone)
  if (kind === 'cron' && typeof expr === 'string') return { text: expr, recurring }
  if (kind === 'interval' && typeof minutes === 'number') return { text: `every ${minutes}m`, recurring }
  if (kind === 'once' && at !== null) return { text: new Date(at).toISOString(), recurring }
  return { text: displayed || (toText(display) ?? ''), recurring }
}
