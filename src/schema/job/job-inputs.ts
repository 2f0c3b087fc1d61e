import type { JobPatchRequest } from '../../jobs/job-input.ts'
import { parseInstructions } from '../../model/answer-settings/instructions.ts'
import { instructionsLengthDescription } from '../session/instructions-description.ts'
import { idempotencyKeyDescription } from '../idempotency/idempotency-key-argument.ts'
import { BudgetInput, toBudgetChange } from './budget.ts'
import { schemaBuilder } from '../schema-builder.ts'

export const scheduleDescription =
  'The schedule: a cron expression of five or six fields (the first of six is seconds), `every 30m`, `in 2h`, or an RFC 3339 time with its offset.'

export const CreateJobInput = schemaBuilder.inputType('CreateJobInput', {
  description: 'The properties of a new job.',
  fields: (t) => ({
    key: t.string({ description: idempotencyKeyDescription }),
    name: t.string({ required: true, description: 'The name: 1 to 200 characters on one line.' }),
    prompt: t.string({
      required: true,
      description: 'The message that the agent receives in each run: up to 1,000,000 characters.',
    }),
    schedule: t.string({ required: true, description: scheduleDescription }),
    timezone: t.string({
      description:
        'The IANA time zone that a cron expression refers to, such as `Europe/Berlin`. Default: the time zone of the server.',
    }),
    profile: t.string({
      description: 'The profile of the job, which is created if it does not exist. Default: `default`.',
    }),
    model: t.string({
      description:
        'The model that answers, as `<provider>/<name>` or the id of a `Model`. Default: the default model of the profile.',
    }),
    instructions: t.string({
      description: `The instructions (system prompt) of its sessions: ${instructionsLengthDescription} Default: those of the profile.`,
    }),
    effort: t.string({
      description:
        'The effort of reasoning of its answers: one of `efforts` of the model. Default: the default of the model.',
    }),
    budget: t.field({
      type: BudgetInput,
      description: 'What each of its runs may use, within the budgets of the profile. Default: no limit of its own.',
    }),
    repeatLimit: t.int({
      description: 'The number of scheduled runs after which the job is COMPLETED: 1 or more. Default: no limit.',
    }),
  }),
})

export const UpdateJobInput = schemaBuilder.inputType('UpdateJobInput', {
  description: 'The properties of a job to change. Omitted fields stay unchanged.',
  fields: (t) => ({
    name: t.string({ description: 'The new name: 1 to 200 characters on one line.' }),
    prompt: t.string({ description: 'The new prompt: up to 1,000,000 characters.' }),
    schedule: t.string({ description: `${scheduleDescription} A new schedule starts at the time of the change.` }),
    timezone: t.string({ description: 'The new IANA time zone. Empty: the time zone of the server.' }),
    model: t.string({
      description:
        'The new model, as `<provider>/<name>` or the id of a `Model`. Empty: the default model of the profile.',
    }),
    instructions: t.string({
      description: `The new instructions (system prompt) of its sessions: ${instructionsLengthDescription} Empty: those of the profile.`,
    }),
    effort: t.string({
      description:
        'The new effort of reasoning of its answers: one of `efforts` of the model. Empty: the default of the model.',
    }),
    budget: t.field({
      type: BudgetInput,
      description: 'What each of its runs may use, within the budgets of the profile. 0 takes a limit away.',
    }),
    enabled: t.boolean({ description: 'False pauses the job, true resumes it.' }),
    repeatLimit: t.int({
      description: 'The number of scheduled runs after which the job is COMPLETED, including past runs. 0: no limit.',
    }),
  }),
})

/** An empty text takes the time zone, the model, the instructions or the effort away, 0 a limit. */
export function toJobPatch(input: typeof UpdateJobInput.$inferInput): JobPatchRequest {
  const { name, prompt, schedule, timezone, enabled, model, instructions, effort, budget, repeatLimit } = input
  return {
    ...(typeof name === 'string' && { name }),
    ...(typeof prompt === 'string' && { prompt }),
    ...(typeof schedule === 'string' && { schedule }),
    ...(typeof timezone === 'string' && { timezone: timezone || null }),
    ...(typeof enabled === 'boolean' && { enabled }),
    ...(typeof model === 'string' && { model: model || null }),
    ...(typeof instructions === 'string' && { instructions: parseInstructions(instructions) }),
    ...(typeof effort === 'string' && { effort: effort || null }),
    ...(budget && { budget: toBudgetChange(budget) }),
    ...(typeof repeatLimit === 'number' && { repeatLimit: repeatLimit === 0 ? null : repeatLimit }),
  }
}
