import type { CreateJobInput, JobSettingsFragment, UpdateJobInput } from '../../graphql/generated/graphql.ts'
import { getOwnTimeZone } from '../../formats/format-time.ts'
import { defaultScheduleChoice, parseSchedule, type ScheduleChoice, toSchedule } from './schedule/schedule-choice.ts'

/** What a form for a job has: the texts of its fields. */
export interface JobFormValues extends ScheduleChoice {
  readonly name: string
  readonly prompt: string
  readonly timezone: string
  readonly profile: string
  /** Empty: the default of the profile. */
  readonly model: string
  /** Empty: the default of the model. */
  readonly effort: string
  readonly instructions: string
  readonly budgetTokens: string
  readonly budgetCost: string
  readonly repeatLimit: string
}

/** The values of a job to be made. */
export const newJobValues = (profile: string): JobFormValues => ({
  ...defaultScheduleChoice,
  name: '',
  prompt: '',
  timezone: getOwnTimeZone(),
  profile,
  model: '',
  effort: '',
  instructions: '',
  budgetTokens: '',
  budgetCost: '',
  repeatLimit: '',
})

/** The values of a job that there is. */
export function toFormValues(job: JobSettingsFragment): JobFormValues {
  const toText = (limit: number | null | undefined): string => (limit ? String(limit) : '')
  return {
    ...parseSchedule(job.schedule),
    name: job.name,
    prompt: job.prompt,
    timezone: job.timezone,
    profile: job.profile.name,
    model: job.model ?? '',
    effort: job.effort ?? '',
    instructions: job.instructions ?? '',
    budgetTokens: toText(job.budget?.tokens),
    budgetCost: toText(job.budget?.cost),
    repeatLimit: toText(job.repeatLimit),
  }
}

export function toCreateInput(values: JobFormValues): CreateJobInput {
  const { name, prompt, timezone, profile } = values
  const { model, effort, instructions } = values
  const tokens = toLimit(values.budgetTokens)
  const cost = toLimit(values.budgetCost)
  return {
    name,
    prompt,
    timezone,
    profile,
    schedule: toSchedule(values),
    model: model || null,
    effort: effort || null,
    instructions: instructions.trim() === '' ? null : instructions,
    budget: tokens || cost ? { tokens: tokens || null, cost: cost || null } : null,
    repeatLimit: toLimit(values.repeatLimit) || null,
  }
}

/** All values. The schedule only if it is another one: a new schedule starts at the time of the change. */
export function toUpdateInput(values: JobFormValues, job: JobSettingsFragment): UpdateJobInput {
  const { name, prompt, model, effort, instructions, timezone } = values
  return {
    name,
    prompt,
    model,
    effort,
    instructions: instructions.trim() === '' ? '' : instructions,
    ...(isOtherSchedule(values, job) && { schedule: toSchedule(values), timezone }),
    budget: { tokens: toLimit(values.budgetTokens), cost: toLimit(values.budgetCost) },
    repeatLimit: toLimit(values.repeatLimit),
  }
}

export function isOtherSchedule(values: JobFormValues, job: JobSettingsFragment): boolean {
  const known = parseSchedule(job.schedule)
  return toSchedule(values) !== toSchedule(known) || values.timezone !== job.timezone
}

/** 0 for none. */
const toLimit = (text: string): number => Number(text) || 0
