import { badInput, SegueError } from '../lib/errors.ts'
import { normalizeSchedule } from './schedule/parse-schedule.ts'

/** A job as somebody wants it. */
export interface JobInput {
  readonly name: string
  readonly prompt: string
  readonly schedule: string
  readonly timezone: string
  /** Null: the profile's default. */
  readonly model: string | null
  /** Null: no end. */
  readonly repeatLimit: number | null
}

/** What is to change of a job; what is left out stays. */
export type JobPatch = Partial<JobInput & { readonly enabled: boolean }>

const maxLength = { name: 200, prompt: 1_000_000 } // UTF-16 code units

/** The given texts and numbers in the form in which they are kept. Throws BAD_USER_INPUT and TOO_LARGE. */
export function normalizeJobInput<Given extends JobPatch>(input: Given): Given {
  return {
    ...input,
    ...(input.name !== undefined && { name: normalizeName(input.name) }),
    ...(input.prompt !== undefined && { prompt: normalizePrompt(input.prompt) }),
    ...(input.schedule !== undefined && { schedule: normalizeSchedule(input.schedule) }),
    ...(typeof input.repeatLimit === 'number' && { repeatLimit: validateRepeatLimit(input.repeatLimit) }),
  }
}

/** One line without control characters. */
function normalizeName(name: string): string {
  const normalized = name
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
  if (normalized === '') throw badInput('A name needs at least one character that can be seen.', 'input', 'name')
  if (normalized.length > maxLength.name)
    throw badInput(`A name has at most ${maxLength.name} characters.`, 'input', 'name')
  return normalized
}

function normalizePrompt(prompt: string): string {
  if (prompt.trim() === '') throw badInput('A job needs a prompt.', 'input', 'prompt')
  if (prompt.length > maxLength.prompt) {
    throw new SegueError(
      'TOO_LARGE',
      `A prompt has at most ${maxLength.prompt} characters; this one has ${prompt.length}.`,
    )
  }
  return prompt.toWellFormed()
}

function validateRepeatLimit(limit: number): number {
  if (Number.isSafeInteger(limit) && limit >= 1) return limit
  throw badInput('A job runs at least once: repeatLimit is 1 or more.', 'input', 'repeatLimit')
}
