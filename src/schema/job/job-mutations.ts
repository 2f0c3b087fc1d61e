import type { ManualJobRun } from '../../jobs/scheduler.ts'
import { parseProfileName } from '../../profiles/profile-name.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { JobRunObjectType, JobObjectType } from '../object-refs.ts'
import { withModelErrorPath } from '../with-model-error-path.ts'
import { CreateJobInput, toJobPatch, UpdateJobInput } from './job-inputs.ts'

const RunJobPayload = schemaBuilder.objectRef<ManualJobRun>('RunJobPayload').implement({
  description: 'The result of `runJob`.',
  fields: (t) => ({
    run: t.expose('run', { type: JobRunObjectType, description: 'The run.' }),
    alreadyRunning: t.exposeBoolean('alreadyRunning', {
      description: 'True if the job was already running. Then `run` is the run in progress.',
    }),
  }),
})

const jobIdDescription = 'The id of the job.'

schemaBuilder.mutationFields((t) => ({
  createJob: t.field({
    type: JobObjectType,
    description:
      'Creates a job. `recurring`, `nextRunAt` and `nextRuns` show how its schedule was understood. The error is BAD_USER_INPUT if the schedule is invalid or has no due time in the future.',
    args: { input: t.arg({ type: CreateJobInput, required: true, description: 'The new job.' }) },
    resolve: (_, { input }, { profiles }) =>
      profiles.withProfile(parseProfileName(input.profile, 'input', 'profile'), async ({ jobs, models }) => {
        const { name, prompt, schedule, timezone = null, model = null, repeatLimit = null } = input
        await withModelErrorPath(model, async () => model !== null && models.assertKnown(model))
        return jobs.create({ name, prompt, schedule, timezone, model, repeatLimit })
      }),
  }),
  updateJob: t.field({
    type: JobObjectType,
    description: 'Changes, pauses or resumes a job. The error is JOB_READ_ONLY for a Hermes job.',
    args: {
      id: t.arg.id({ required: true, description: jobIdDescription }),
      input: t.arg({ type: UpdateJobInput, required: true, description: 'The changes.' }),
    },
    resolve: async (_, { id, input }, { profiles }) => {
      const patch = toJobPatch(input)
      const { jobs, models } = await profiles.requireProfileOwning('Job', id)
      const { model } = patch
      await withModelErrorPath(model, async () => typeof model === 'string' && models.assertKnown(model))
      return jobs.update(id, patch)
    },
  }),
  deleteJob: t.id({
    description: 'Deletes a job and the records of its runs, and returns its id. The sessions of the runs are kept.',
    args: { id: t.arg.id({ required: true, description: jobIdDescription }) },
    resolve: async (_, { id }, { profiles }) => {
      await (await profiles.requireProfileOwning('Job', id)).jobs.delete(id)
      return id
    },
  }),
  runJob: t.field({
    type: RunJobPayload,
    description: 'Runs a job now. If it is already running, returns the run in progress.',
    args: { id: t.arg.id({ required: true, description: jobIdDescription }) },
    resolve: async (_, { id }, { profiles }) => (await profiles.requireProfileOwning('Job', id)).jobs.runNow(id),
  }),
}))
