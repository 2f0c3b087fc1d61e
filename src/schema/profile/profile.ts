import { offlineModelInfo } from '../../agent/models/model-registry.ts'
import { nameRule } from '../../config/name-rule.ts'
import { defaultProfileName, parseProfileName } from '../../profiles/profile-name.ts'
import { builder } from '../builder.ts'
import { ModelType } from '../relay/node.ts'
import { ProfileType } from '../object-refs.ts'

ProfileType.implement({
  description: 'An isolated home: its own database, models and credentials.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Its name; default is the home itself.' }),
    isDefault: t.boolean({
      description: 'It is the one that is meant when none is named.',
      resolve: ({ name }) => name === defaultProfileName,
    }),
    models: t.field({
      type: [ModelType],
      description:
        'The models that can answer in it; offline/eliza, which needs no key and no network, always among them.',
      resolve: async ({ name }, _, { profiles }) =>
        (await profiles.findProfile(name))?.models.list() ?? [offlineModelInfo],
    }),
    allowedTools: t.stringList({
      description: 'The tools that need not ask in it, because somebody has answered ALWAYS; by name.',
      resolve: async ({ name }, _, { profiles: scopes }) =>
        (await scopes.findProfile(name))?.profile.decisions.listProfileGrants() ?? [],
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
    resolve: async (_, { tool, profile }, { profiles }) => {
      const name = parseProfileName(profile, 'profile')
      await (await profiles.findProfile(name))?.profile.decisions.revokeGrants(tool)
      return { name }
    },
  }),
}))

builder.queryFields((t) => ({
  profiles: t.field({
    type: [ProfileType],
    description: 'All profiles that exist: default first, then by name.',
    resolve: async (_, __, { profiles }) => (await profiles.registry.listNames()).map((name) => ({ name })),
  }),
  profile: t.field({
    type: ProfileType,
    nullable: true,
    description: 'A profile by name. A valid name of which nothing exists is an empty profile.',
    args: { name: t.arg.string({ required: true, description: `Its name: ${nameRule}.` }) },
    resolve: (_, { name }) => ({ name: parseProfileName(name, 'name') }),
  }),
}))

builder.mutationFields((t) => ({
  createProfile: t.field({
    type: ProfileType,
    description: 'Makes an empty profile. BAD_USER_INPUT when it is there already. Writing to one makes it as well.',
    args: { name: t.arg.string({ required: true, description: `Its name: ${nameRule}.` }) },
    resolve: async (_, { name }, { profiles }) => {
      await profiles.registry.create(parseProfileName(name, 'name'))
      return { name }
    },
  }),
  deleteProfile: t.string({
    description:
      'Closes a profile and moves its folder aside; nothing is erased. SESSION_BUSY while an answer is made in it, BAD_USER_INPUT for default.',
    args: { name: t.arg.string({ required: true, description: 'Its name.' }) },
    resolve: async (_, { name }, { profiles }) => {
      await profiles.registry.delete(parseProfileName(name, 'name'))
      return name
    },
  }),
}))
