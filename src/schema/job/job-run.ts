import { createIdNotFoundError } from '../../lib/errors.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { JobRunObjectType, JobObjectType, SessionObjectType } from '../object-refs.ts'
import { UsageType } from '../usage.ts'
import { JobRunStatusEnum, JobTriggerEnum } from './job-enums.ts'

JobRunObjectType.implement({
  description: 'A run of a job.',
  interfaces: [schemaBuilder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.exposeID('id', {
      description:
        'The id of the run: `jrn_…` for a run of a Segue job. For a Hermes run, it begins with the id of the job. Earlier ids of a Hermes run stay valid.',
    }),
    job: t.field({
      type: JobObjectType,
      description: 'The job. The error is NOT_FOUND if it was deleted.',
      resolve: async ({ jobId }, _, { profiles }) => {
        const job = await profiles.find('Job', jobId)
        if (!job) throw createIdNotFoundError('job', jobId)
        return job
      },
    }),
    trigger: t.expose('trigger', { type: JobTriggerEnum, description: 'What started the run.' }),
    status: t.expose('status', { type: JobRunStatusEnum, description: 'The state of the run.' }),
    scheduledFor: t.expose('scheduledFor', {
      type: 'DateTime',
      nullable: true,
      description: 'The due time that the run is for. Null if `trigger` is MANUAL, and for a Hermes run.',
    }),
    startedAt: t.expose('startedAt', { type: 'DateTime', description: 'The time at which the run started.' }),
    finishedAt: t.expose('finishedAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'The time at which the run ended. Null while it is in progress, and if it is unknown because Hermes died during the run.',
    }),
    output: t.exposeString('output', {
      nullable: true,
      description:
        'The text of the answer after the last tool call, in full. If the run did not succeed, the text produced before. Null if there is none.',
    }),
    error: t.exposeString('error', {
      nullable: true,
      description:
        'The reason why the run failed, as a sentence. Null if it did not. For a Hermes run, what Hermes recorded.',
    }),
    session: t.field({
      type: SessionObjectType,
      nullable: true,
      description:
        'The session of the run. Null if it was deleted, or if the run failed before the session was created.',
      resolve: ({ sessionId }, _, { profiles }) => (sessionId === null ? null : profiles.find('Session', sessionId)),
    }),
    usage: t.expose('usage', {
      type: UsageType,
      nullable: true,
      description:
        'The tokens that the run has used, while it is in progress those of the requests to the model that have ended. What is said in its session later does not count. For a Hermes run, what Hermes has counted for its session. It is kept when the session is deleted, except for a Hermes run. Null if nothing is known, for example if the run failed before it began.',
    }),
  }),
})
