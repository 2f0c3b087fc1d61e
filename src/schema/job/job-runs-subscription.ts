import { parseProfileName } from '../../profiles/profile-name.ts'
import { profileArgs } from '../arguments.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { JobRunObjectType } from '../object-refs.ts'

schemaBuilder.subscriptionField('jobRuns', (t) =>
  t.field({
    type: JobRunObjectType,
    description:
      'Emits every run of a job of a profile that is in progress, then those that finished after `finishedSince`, oldest first, at most the newest 1,000, then each run when it starts and when it ends. Runs of Hermes jobs are emitted as well, within two seconds. Completes only when the profile is deleted.',
    args: {
      jobId: t.arg.id({ description: 'Only runs of this job, in its profile. Default: all jobs of the profile.' }),
      ...profileArgs,
      finishedSince: t.arg({
        type: 'DateTime',
        description:
          'The time from which runs that have finished are emitted: give the time at which your page was loaded, so that nothing is missed after a disconnect. Default: an hour ago.',
      }),
    },
    subscribe: async (_, { jobId = null, profile, finishedSince = null }, { profiles }) => {
      const name = parseProfileName(profile, 'profile')
      const jobProfile = jobId === null ? null : await profiles.requireProfileOwning('Job', jobId)
      return profiles.subscribe(jobProfile?.profile.name ?? name, ({ jobs }) => jobs.followRuns(jobId, finishedSince))
    },
    resolve: (run) => run,
  }),
)
