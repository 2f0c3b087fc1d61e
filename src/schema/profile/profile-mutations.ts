import { nameRuleDescription } from '../../config/name-rule.ts'
import { parseProfileName } from '../../profiles/profile-name.ts'
import { profileArgs } from '../arguments.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { ProfileObjectType } from '../object-refs.ts'

schemaBuilder.mutationFields((t) => ({
  createProfile: t.field({
    type: ProfileObjectType,
    description:
      'Creates an empty profile. The error is BAD_USER_INPUT if it exists. Creating a session or a job in a profile creates the profile as well.',
    args: { name: t.arg.string({ required: true, description: `The name: ${nameRuleDescription}.` }) },
    resolve: async (_, { name }, { profiles }) => {
      await profiles.registry.create(parseProfileName(name, 'name'))
      return { name }
    },
  }),
  deleteProfile: t.string({
    description:
      'Closes a profile, moves its folder to the trash of the home, and returns its name. No data is erased. The error is SESSION_BUSY while a stream is active in the profile, and BAD_USER_INPUT for `default`.',
    args: { name: t.arg.string({ required: true, description: 'The name of the profile.' }) },
    resolve: async (_, { name }, { profiles }) => {
      await profiles.registry.delete(parseProfileName(name, 'name'))
      return name
    },
  }),
  forgetApproval: t.field({
    type: ProfileObjectType,
    description:
      'Makes a tool ask for approval again. Revokes the answer ALWAYS in the profile and the answers SESSION in all its sessions.',
    args: {
      tool: t.arg.string({ required: true, description: 'The name of the tool.' }),
      ...profileArgs,
    },
    resolve: async (_, { tool, profile }, { profiles }) => {
      const name = parseProfileName(profile, 'profile')
      await (await profiles.findProfile(name))?.profile.decisions.revokeGrants(tool)
      return { name }
    },
  }),
}))
