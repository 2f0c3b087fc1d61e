import { parseProfileName } from '../../profiles/profile-name.ts'
import { profileArgs } from '../arguments.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { JobObjectType, ProfileObjectType } from '../object-refs.ts'

schemaBuilder.queryField('jobs', (t) =>
  t.field({
    type: [JobObjectType],
    description:
      'The jobs of a profile: Segue jobs, oldest first, then the jobs of its Hermes agent, then those that Hermes has removed and that still have runs; the first 1,000 of them. `job` finds any.',
    args: profileArgs,
    resolve: async (_, args, { profiles }) =>
      (await profiles.findProfile(parseProfileName(args.profile, 'profile')))?.jobs.list() ?? [],
  }),
)

schemaBuilder.queryField('job', (t) =>
  t.field({
    type: JobObjectType,
    nullable: true,
    description: 'The job with this id, in any profile. Null if there is none.',
    args: { id: t.arg.id({ required: true, description: 'The id of a Segue or a Hermes job.' }) },
    resolve: (_, { id }, { profiles }) => profiles.find('Job', id),
  }),
)

schemaBuilder.objectField(ProfileObjectType, 'jobs', (t) =>
  t.field({
    type: [JobObjectType],
    description: 'The jobs of the profile, in the order of `Query.jobs`.',
    resolve: async ({ name }, _, { profiles }) => (await profiles.findProfile(name))?.jobs.list() ?? [],
  }),
)
