import type { JobRecord, JobState } from '../../model/job.ts'
import type { Json } from '../../model/records.ts'
import { timeOf } from './python-time.ts'
import { isObject, parseJson } from '../../lib/json.ts'
import { countOf, textOf } from '../state/cell-values.ts'

type Fields = { readonly [key: string]: Json }

export interface CronContext {
  readonly profile: string
  /** The zone in which Hermes tells the time. */
  readonly timezone: string
  readonly now: number
}

const lease = 300_000 // milliseconds after which a claim that nobody renews is that of a dead process

/** The jobs in the text of a jobs.json, in whichever of its forms. Throws when nothing can be made of it. */
export function definitionsOf(text: string): Fields[] {
  const json = text.replace(/^\uFEFF/, '')
  const value = parseJson(json) ?? parseJson(withEscapes(json))
  const list = isObject(value) && value.jobs !== undefined ? value.jobs : value
  if (Array.isArray(list)) return list.filter(isObject)
  if (!isObject(list)) throw new Error('it holds no jobs')
  return Object.entries(list).flatMap(([id, job]) => (isObject(job) ? [{ id, ...job }] : []))
}

/** Python lets control characters stand in a string as they are. */
function withEscapes(json: string): string {
  const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  return json.replace(/"(?:[^"\\]|\\[^])*"/g, (literal) => literal.replace(/\p{Cc}/gu, escaped))
}

/**
 * A job from its definition and what a runtime.db has on it; older versions keep all of it in the definition, which
 * counts for more. Null for one without an id.
 */
export function cronJob(
  definition: Fields,
  runtime: Fields,
  { profile, timezone, now }: CronContext,
): JobRecord | null {
  const job: Fields = { ...runtime, ...definition }
  const id = textOf(job.id)
  if (id === null || id === '') return null
  const time = (value: Json | undefined): number | null => timeOf(value, timezone)
  const enabled = isEnabled(job)
  const isRunning = [job.fire_claim, job.run_claim].some(
    (claim) => isObject(claim) && (time(claim.at) ?? 0) > now - lease,
  )
  const state = stateOf(job, enabled, isRunning)
  const nextRunAt = enabled && state !== 'COMPLETED' && state !== 'ERROR' ? time(job.next_run_at) : null
  const createdAt = time(job.created_at) ?? 0
  const schedule = scheduleOf(job, timezone)
  return {
    id,
    origin: 'HERMES',
    profile,
    name: textOf(job.name) || id,
    prompt: textOf(job.prompt) ?? '',
    schedule: schedule.text,
    timezone,
    anchor: nextRunAt ?? createdAt,
    recurring: schedule.recurring,
    model: textOf(job.model) || null,
    enabled,
    state,
    fault: state === 'ERROR' ? (textOf(job.last_error) ?? 'Hermes cannot tell when it comes next.') : null,
    running: isRunning ? 'SCHEDULE' : null,
    repeatLimit: (isObject(job.repeat) && countOf(job.repeat.times)) || null,
    completedRuns: completedRuns(definition, runtime),
    skippedRuns: 0,
    nextRunAt,
    createdAt,
  }
}

/** A mark of a pause counts as much as the flag: either keeps Hermes from running it. */
function isEnabled({ enabled, state, paused_at }: Fields): boolean {
  return enabled !== false && state !== 'paused' && (paused_at ?? '') === ''
}

function stateOf({ state }: Fields, enabled: boolean, running: boolean): JobState {
  if (running) return 'RUNNING'
  if (state === 'completed') return 'COMPLETED'
  if (state === 'error') return 'ERROR'
  return enabled ? 'SCHEDULED' : 'PAUSED'
}

function completedRuns(definition: Fields, runtime: Fields): number {
  const counts = [definition.repeat, runtime.repeat].map((repeat) => (isObject(repeat) ? repeat.completed : undefined))
  return countOf(counts[0] ?? runtime.repeat_completed ?? counts[1])
}

/** In the words of this server, where it has some; what is understood by Hermes alone stands as it is displayed there. */
function scheduleOf(job: Fields, timezone: string): { readonly text: string; readonly recurring: boolean } {
  const { schedule } = job
  const displayed = textOf(job.schedule_display) ?? ''
  if (!isObject(schedule)) return { text: textOf(schedule) ?? displayed, recurring: true }
  const { kind, expr, minutes, run_at, display } = schedule
  const recurring = kind !== 'once'
  const at = timeOf(run_at, timezone)
  if (kind === 'cron' && typeof expr === 'string') return { text: expr, recurring }
  if (kind === 'interval' && typeof minutes === 'number') return { text: `every ${minutes}m`, recurring }
  if (kind === 'once' && at !== null) return { text: new Date(at).toISOString(), recurring }
  return { text: displayed || (textOf(display) ?? ''), recurring }
}
