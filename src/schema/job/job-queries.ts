import { parseProfileName } from '../../profiles/profile-name.ts'
import { profileArgs } from '../arguments.ts'
import { builder } from '../builder.ts'
import { JobType, ProfileType } from '../object-refs.ts'

builder.queryField('jobs', (t) =>
  t.field({
    type: [JobType],
    description: 'The jobs of a profile: Segue jobs, oldest first, then the jobs of its Hermes agent.',
    args: profileArgs,
    resolve: async (_, args, { profiles }) =>
      (await profiles.findProfile(parseProfileName(args.profile, 'profile')))?.jobs.list() ?? [],
  }),
)

builder.objectField(ProfileType, 'jobs', (t) =>
  t.field({
    type: [JobType],
    description: 'The jobs of the profile: Segue jobs, oldest first, then the jobs of its Hermes agent.',
    resolve: async ({ name }, _, { profiles }) => (await profiles.findProfile(name))?.jobs.list() ?? [],
  }),
)
