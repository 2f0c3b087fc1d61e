import { assertModelTakesEffort } from '../../agent/models/efforts/assert-takes-effort.ts'
import type { ModelRegistry } from '../../agent/models/model-registry.ts'
import type { RunJobNowResult } from '../../jobs/scheduler.ts'
import type { JobRecord } from '../../model/job.ts'
import { parseInstructions } from '../../model/answer-settings/instructions.ts'
import { parseProfileName } from '../../profiles/profile-name.ts'
import { idempotencyKeyArgs } from '../idempotency/idempotency-key-argument.ts'
import {
  reloadCreatedRecord,
  reloadRecord,
  toRememberedCreatedId,
  createIdempotentResolver,
} from '../idempotency/idempotent-mutation.ts'
import { toBudgetChange } from './budget.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { JobRunObjectType, JobObjectType } from '../object-refs.ts'
import { withModelArgument } from '../model-argument.ts'
import { CreateJobInput, toJobPatch, UpdateJobInput } from './job-inputs.ts'

const RunJobPayload = schemaBuilder.objectRef<RunJobNowResult>('RunJobPayload').implement({
  description: 'The result of `runJob`.',
  fields: (t) => ({
    run: t.expose('run', { type: JobRunObjectType, description: 'The run.' }),
    alreadyRunning: t.exposeBoolean('alreadyRunning', {
      description: 'True if the job was already running. Then `run` is the run in progress.',
    }),
  }),
})

const jobIdDescription = 'The id of the job.'
const alreadyRunningOutcome = 'ALREADY_RUNNING'

schemaBuilder.mutationFields((t) => ({
  createJob: t.field({
    type: JobObjectType,
    nullable: true,
    description:
      'Creates a job. `recurring`, `nextRunAt` and `nextRuns` show how its schedule was understood. The error is BAD_USER_INPUT if the schedule is invalid or has no due time in the future.',
    args: { input: t.arg({ type: CreateJobInput, required: true, description: 'The new job.' }) },
    resolve: createIdempotentResolver({
      keySpace: ({ input }) => ({ profile: parseProfileName(input.profile, 'input', 'profile') }),
      execute: async ({ input }, { profile: { profile, jobs, models }, key }): Promise<JobRecord> => {
        const { name, prompt, schedule, timezone = null, effort = null, repeatLimit = null } = input
        const instructions = parseInstructions(input.instructions ?? '')
        const model = await requireKnownModel(input.model, profile.name, models)
        if (effort !== null) await assertModelTakesEffort(models, model, effort, 'input', 'effort')
        const budget = input.budget ? { budget: toBudgetChange(input.budget) } : {}
        return jobs.create(
          { name, prompt, schedule, timezone, model, instructions, effort, repeatLimit, ...budget },
          key,
        )
      },
      remember: toRememberedCreatedId,
      reload: (_, remembered, scope) => reloadCreatedRecord('Job', remembered, scope),
    }),
  }),
  updateJob: t.field({
    type: JobObjectType,
    nullable: true,
    description: 'Changes, pauses or resumes a job. The error is JOB_READ_ONLY for a Hermes job.',
    args: {
      id: t.arg.id({ required: true, description: jobIdDescription }),
      input: t.arg({ type: UpdateJobInput, required: true, description: 'The changes.' }),
      ...idempotencyKeyArgs,
    },
    resolve: createIdempotentResolver({
      keySpace: ({ id }) => ({ type: 'Job', ids: [id] }),
      execute: async ({ id, input }, { profile: { profile, jobs, models }, key }): Promise<JobRecord> => {
        const patch = toJobPatch(input)
        const model = await requireKnownModel(patch.model, profile.name, models)
        if (typeof patch.effort === 'string') {
          const modelId = patch.model === undefined ? ((await jobs.find(id))?.model ?? null) : model
          await assertModelTakesEffort(models, modelId, patch.effort, 'input', 'effort')
        }
        return jobs.update(id, { ...patch, ...(patch.model !== undefined && { model }) }, key)
      },
      reload: ({ id }, _, scope) => reloadRecord('Job', id, scope),
    }),
  }),
}))

schemaBuilder.mutationFields((t) => ({
  deleteJob: t.id({
    nullable: true,
    description: 'Deletes a job and the records of its runs, and returns its id. The sessions of the runs are kept.',
    args: { id: t.arg.id({ required: true, description: jobIdDescription }), ...idempotencyKeyArgs },
    resolve: createIdempotentResolver({
      keySpace: ({ id }) => ({ type: 'Job', ids: [id] }),
      execute: async ({ id }, { profile, key }) => {
        await profile.jobs.delete(id, key)
        return id
      },
      reload: async ({ id }) => id,
    }),
  }),
  runJob: t.field({
    type: RunJobPayload,
    nullable: true,
    description: 'Runs a job now. If it is already running, returns the run in progress.',
    args: { id: t.arg.id({ required: true, description: jobIdDescription }), ...idempotencyKeyArgs },
    resolve: createIdempotentResolver({
      keySpace: ({ id }) => ({ type: 'Job', ids: [id] }),
      execute: ({ id }, { profile, key }) => profile.jobs.runNow(id, key),
      remember: ({ run, alreadyRunning }) => ({
        createdId: run.id,
        outcome: alreadyRunning ? alreadyRunningOutcome : null,
      }),
      reload: async (_, remembered, scope) => ({
        run: await reloadCreatedRecord('JobRun', remembered, scope),
        alreadyRunning: remembered.outcome === alreadyRunningOutcome,
      }),
    }),
  }),
}))

/** The `<provider>/<name>` of the argument `input.model`. Throws BAD_USER_INPUT. */
function requireKnownModel(
  given: string | null | undefined,
  profile: string,
  models: Pick<ModelRegistry, 'assertKnown'>,
): Promise<string | null> {
  return withModelArgument({ model: given, profile, path: ['input', 'model'] }, async (model) => {
    if (model !== null) models.assertKnown(model)
    return model
  })
}
