import { schemaBuilder } from '../schema-builder.ts'
import { JobRunObjectType } from '../object-refs.ts'

schemaBuilder.subscriptionField('jobRuns', (t) =>
  t.field({
    type: JobRunObjectType,
    description:
      'Emits every run of a Segue job that is in progress, then each run when it starts and when it ends. Runs of Hermes jobs are not emitted. Never completes.',
    args: { jobId: t.arg.id({ description: 'Only runs of this job. Default: all jobs of all profiles.' }) },
    subscribe: async (_, args, { profiles }) => {
      const jobId = args.jobId ?? null
      if (jobId !== null) await profiles.requireProfileOwning('Job', jobId)
      return profiles.registry.followJobRuns(jobId)
    },
    resolve: (run) => run,
  }),
)
