import { createBadInputError, SegueError } from '../lib/errors.ts'
import type { BudgetChange } from './job-budget.ts'
import { normalizeSchedule } from './schedule/parse-schedule.ts'

/** What a client sends to create a job. */
export interface JobInput {
  readonly name: string
  readonly prompt: string
  readonly schedule: string
  readonly timezone: string
  /** Null selects the profile's default model. */
  readonly model: string | null
  /** Null or left out means those of the profile. */
  readonly instructions?: string | null
  /** Null or left out means the model's own default. */
  readonly effort?: string | null
  readonly budget?: BudgetChange
  /** How often the schedule runs the job. Null means without end. */
  readonly repeatLimit: number | null
}

/** A change of a job. A field that is left out stays as it is. */
export type JobPatch = Partial<JobInput & { readonly enabled: boolean }>

/** A change as a client asks for it. No time zone is that of the server. */
export type JobPatchRequest = Omit<JobPatch, 'timezone'> & { readonly timezone?: string | null }

/** In UTF-16 code units. */
const maxLength = { name: 200, prompt: 1_000_000 }

/** Validates the fields that are present, and brings them into the form that is stored. Throws BAD_USER_INPUT and TOO_LARGE. */
export function normalizeJobInput<Input extends JobPatch>(input: Input): Input {
  return {
    ...input,
    ...(input.name !== undefined && { name: normalizeName(input.name) }),
    ...(input.prompt !== undefined && { prompt: normalizePrompt(input.prompt) }),
    ...(input.schedule !== undefined && { schedule: normalizeSchedule(input.schedule) }),
    ...(typeof input.repeatLimit === 'number' && { repeatLimit: validateRepeatLimit(input.repeatLimit) }),
  }
}

/** Returns a single line without control characters. */
function normalizeName(name: string): string {
  const normalized = name
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
  if (normalized === '')
    throw createBadInputError('The name is empty. Use at least one visible character.', 'input', 'name')
  if (normalized.length > maxLength.name) {
    throw createBadInputError(`The name is too long. Use at most ${maxLength.name} characters.`, 'input', 'name')
  }
  return normalized
}

function normalizePrompt(prompt: string): string {
  if (prompt.trim() === '')
    throw createBadInputError('The prompt is empty. Write what the job has to do.', 'input', 'prompt')
  if (prompt.length > maxLength.prompt) {
    const message = `The prompt has ${prompt.length} characters. Use at most ${maxLength.prompt}.`
    throw new SegueError('TOO_LARGE', message)
  }
  return prompt.toWellFormed()
}

function validateRepeatLimit(limit: number): number {
  if (Number.isSafeInteger(limit) && limit >= 1) return limit
  const message = `The repeatLimit is ${limit}. Use 1 or more. For no limit, leave it out of a new job, and set it to 0 in a change.`
  throw createBadInputError(message, 'input', 'repeatLimit')
}
