import { badInput } from '../errors.ts'
import { defaultProfile, profileName } from '../profiles/profile-name.ts'
import { builder } from './builder.ts'
import type { Domain } from './context.ts'
import { ProfileType } from './refs.ts'

ProfileType.implement({
  description: 'An isolated home: its own database, models and credentials.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Its name; default is the home itself.' }),
    isDefault: t.boolean({
      description: 'It is the one that is meant when none is named.',
      resolve: ({ name }) => name === defaultProfile,
    }),
    allowedTools: t.stringList({
      description: 'The tools that need not ask in it, because somebody has answered ALWAYS; by name.',
      resolve: (_, __, { domain }) => domain.profile.decisions.profileGrants(),
    }),
  }),
})

builder.mutationFields((t) => ({
  forgetApproval: t.field({
    type: ProfileType,
    description: 'Has a tool ask again, whatever was answered before: ALWAYS, or SESSION in any session.',
    args: {
      tool: t.arg.string({ required: true, description: "The tool's name." }),
      profile: t.arg.string({ description: 'The profile; default when it is left out.' }),
    },
    resolve: async (_, { tool, profile }, { domain }) => {
      const name = checkProfile(profile, domain, 'profile')
      await domain.profile.decisions.revokeGrants(tool)
      return { name }
    },
  }),
}))

/** The profile that is written to. Throws BAD_USER_INPUT for one that is not there. */
export function checkProfile(given: string | null | undefined, { profile }: Domain, ...path: string[]): string {
  const name = profileName(given, ...path)
  if (name !== profile.name) throw badInput(`The only profile is ${JSON.stringify(profile.name)}.`, ...path)
  return name
}
