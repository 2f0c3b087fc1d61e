import { badInput, SegueError } from '../lib/errors.ts'
import { cleanSchedule } from './schedule/parse-schedule.ts'

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

const longest = { name: 200, prompt: 1_000_000 } // UTF-16 code units

/** The given texts and numbers in the form in which they are kept. Throws BAD_USER_INPUT and TOO_LARGE. */
export function cleanJob<Given extends JobPatch>(given: Given): Given {
  return {
    ...given,
    ...(given.name !== undefined && { name: cleanName(given.name) }),
    ...(given.prompt !== undefined && { prompt: cleanPrompt(given.prompt) }),
    ...(given.schedule !== undefined && { schedule: cleanSchedule(given.schedule) }),
    ...(typeof given.repeatLimit === 'number' && { repeatLimit: checkedLimit(given.repeatLimit) }),
  }
}

/** One line without control characters. */
function cleanName(name: string): string {
  const clean = name
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
  if (clean === '') throw badInput('A name needs at least one character that can be seen.', 'input', 'name')
  if (clean.length > longest.name) throw badInput(`A name has at most ${longest.name} characters.`, 'input', 'name')
  return clean
}

function cleanPrompt(prompt: string): string {
  if (prompt.trim() === '') throw badInput('A job needs a prompt.', 'input', 'prompt')
  if (prompt.length > longest.prompt) {
    throw new SegueError(
      'TOO_LARGE',
      `A prompt has at most ${longest.prompt} characters; this one has ${prompt.length}.`,
    )
  }
  return prompt.toWellFormed()
}

function checkedLimit(limit: number): number {
  if (Number.isSafeInteger(limit) && limit >= 1) return limit
  throw badInput('A job runs at least once: repeatLimit is 1 or more.', 'input', 'repeatLimit')
}
