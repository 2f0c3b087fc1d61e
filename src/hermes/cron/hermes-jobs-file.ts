import type { JobRecord, JobState } from '../../model/job.ts'
import { type Json, isJsonObject, parseJson } from '../../lib/text/json.ts'
import { parsePythonTime } from './python-time.ts'
import { countFromHermesCell, textFromHermesCell } from '../state/cell-values.ts'

/** A job as Hermes stores it. */
export type HermesJobFields = { readonly [key: string]: Json }

export interface HermesJobParseContext {
  readonly profile: string
  /** Hermes' time zone. */
  readonly timezone: string
  readonly now: number
  /** Whether a run is in progress; null if only the claims in the job say so. */
  readonly isRunning: boolean | null
}

/** The largest Int of GraphQL. */
const maxRunCount = 2 ** 31 - 1
const claimLeaseMs = 300_000 // a claim that was not renewed for so long belongs to a dead process

/** The jobs in the text of a jobs.json, in any of its layouts. Throws if it contains none of them. */
export function parseHermesJobsFile(text: string): HermesJobFields[] {
  const json = text.replace(/^\uFEFF/, '')
  const value = parseJson(json) ?? parseJson(escapeControlCharacters(json))
  const list = isJsonObject(value) && value.jobs !== undefined ? value.jobs : value
  if (Array.isArray(list)) return list.filter(isJsonObject)
  if (!isJsonObject(list)) throw new Error('The file contains no list of jobs.')
  return Object.entries(list).flatMap(([id, job]) => (isJsonObject(job) ? [{ id, ...job }] : []))
}

/** Python's JSON parser accepts unescaped control characters in strings. */
function escapeControlCharacters(json: string): string {
  const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  return json.replace(/"(?:[^"\\]|\\[^])*"/g, (literal) => literal.replace(/\p{Cc}/gu, escape))
}

/**
 * A job from its definition and its state in runtime.db. Older versions of Hermes store both in the definition, which takes
 * precedence. Null for a job without an id.
 */
export function toHermesJobRecord(
  definition: HermesJobFields,
  runtime: HermesJobFields,
  context: HermesJobParseContext,
): JobRecord | null {
  const job: HermesJobFields = { ...runtime, ...definition }
  const id = textFromHermesCell(job.id)
  if (id === null || id === '') return null
  const { profile, timezone } = context
  const parseTime = (value: Json | undefined): number | null => parsePythonTime(value, timezone)
  const enabled = isEnabled(job)
  const isRunning = context.isRunning ?? hasValidClaim(job, context)
  const state = toJobState(job, enabled, isRunning)
  const nextRunAt = enabled && state !== 'COMPLETED' && state !== 'ERROR' ? parseTime(job.next_run_at) : null
  const createdAt = parseTime(job.created_at) ?? 0
  const schedule = formatSchedule(job, timezone)
  return {
    id,
    origin: 'HERMES',
    profile,
    name: textFromHermesCell(job.name) || id,
    prompt: textFromHermesCell(job.prompt) ?? '',
    schedule: schedule.text,
    timezone,
    anchor: nextRunAt ?? createdAt,
    recurring: schedule.recurring,
    model: textFromHermesCell(job.model) || null,
    enabled,
    state,
    scheduleError:
      state === 'ERROR'
        ? (textFromHermesCell(job.last_error) ?? 'Hermes cannot compute the next run of this job.')
        : null,
    runningTrigger: isRunning ? 'SCHEDULE' : null,
    repeatLimit: (isJsonObject(job.repeat) && countFromHermesCell(job.repeat.times, maxRunCount)) || null,
    completedRuns: Math.max(0, countCompletedRuns(definition, runtime) - (isRunning && isCountedAtStart(job) ? 1 : 0)),
    skippedRuns: 0,
    nextRunAt,
    createdAt,
  }
}

/** A job that Hermes has removed, whose runs are still there. `createdAt`: when the oldest of them started. */
export function newRemovedHermesJob(
  id: string,
  properties: Pick<JobRecord, 'profile' | 'timezone' | 'createdAt' | 'completedRuns'>,
): JobRecord {
  return {
    ...properties,
    id,
    origin: 'HERMES',
    name: id,
    prompt: '',
    schedule: '',
    anchor: properties.createdAt,
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
}

/** Like Hermes, takes a claim of the future for a stale one. */
function hasValidClaim({ fire_claim, run_claim }: HermesJobFields, { timezone, now }: HermesJobParseContext): boolean {
  return [fire_claim, run_claim].some((claim) => {
    const claimedAt = isJsonObject(claim) ? parsePythonTime(claim.at, timezone) : null
    return claimedAt !== null && claimedAt <= now && claimedAt > now - claimLeaseMs
  })
}

/** Either the flag or a pause keeps Hermes from running a job. */
function isEnabled({ enabled, state, paused_at }: HermesJobFields): boolean {
  return enabled !== false && state !== 'paused' && (paused_at ?? '') === ''
}

function toJobState({ state }: HermesJobFields, enabled: boolean, isRunning: boolean): JobState {
  if (isRunning) return 'RUNNING'
  if (state === 'completed') return 'COMPLETED'
  if (state === 'error') return 'ERROR'
  return enabled ? 'SCHEDULED' : 'PAUSED'
}

function countCompletedRuns(definition: HermesJobFields, runtime: HermesJobFields): number {
  const counts = [definition.repeat, runtime.repeat].map((repeat) =>
    isJsonObject(repeat) ? repeat.completed : undefined,
  )
  return countFromHermesCell(counts[0] ?? runtime.repeat_completed ?? counts[1], maxRunCount)
}

/** Hermes counts the run of a one-time job with a limit before it starts, other runs when they end. */
function isCountedAtStart({ schedule, repeat }: HermesJobFields): boolean {
  const isOneTime = isJsonObject(schedule) && schedule.kind === 'once'
  return isOneTime && isJsonObject(repeat) && countFromHermesCell(repeat.times) > 0
}

/** The schedule in Segue's syntax. A schedule that only Hermes understands is given as Hermes displays it. */
function formatSchedule(
  job: HermesJobFields,
  timezone: string,
): { readonly text: string; readonly recurring: boolean } {
  const { schedule } = job
  const displayed = textFromHermesCell(job.schedule_display) ?? ''
  if (!isJsonObject(schedule)) return { text: textFromHermesCell(schedule) ?? displayed, recurring: true }
  const { kind, expr, minutes, run_at, display } = schedule
  const recurring = kind !== 'once'
  const at = parsePythonTime(run_at, timezone)
  if (kind === 'cron' && typeof expr === 'string') return { text: expr, recurring }
  if (kind === 'interval' && typeof minutes === 'number') return { text: `every ${minutes}m`, recurring }
  if (kind === 'once' && at !== null) return { text: new Date(at).toISOString(), recurring }
  return { text: displayed || (textFromHermesCell(display) ?? ''), recurring }
}
