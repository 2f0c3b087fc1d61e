import { nameRuleDescription } from '../../config/name-rule.ts'
import { defaultProfileName, parseProfileName } from '../../profiles/profile-name.ts'
import { toProfileId } from '../../profiles/profile-id.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { ModelObjectType, ProfileObjectType } from '../object-refs.ts'
import { listProfileModels } from './profile-model.ts'
import { listProfileProviders } from './profile-provider.ts'
import { ProviderType } from './provider.ts'

ProfileObjectType.implement({
  description:
    'An isolated set of sessions, jobs, models, credentials and tools with a database of its own. A profile that does not exist reads as an empty one; the first write creates it.',
  interfaces: [schemaBuilder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({
      description: 'The id of the profile: `prf_` followed by its name.',
      resolve: ({ name }) => toProfileId(name),
    }),
    name: t.exposeString('name', { description: 'The name of the profile. It is `default` for the home itself.' }),
    isDefault: t.boolean({
      description: 'True for the profile `default`, which is used when no profile is named.',
      resolve: ({ name }) => name === defaultProfileName,
    }),
    instructions: t.string({
      nullable: true,
      description:
        'The instructions (system prompt) of sessions that have none of their own: `instructions` in `config.json`, else the file `INSTRUCTIONS.md` beside it. They are read again when a file changes. Null if there are none.',
      resolve: async ({ name }, _, { profiles }) => (await profiles.findProfile(name))?.instructions.load() ?? null,
    }),
    models: t.field({
      type: [ModelObjectType],
      description:
        'The models of the profile. They always include `offline/eliza`, which needs no API key and no network.',
      resolve: async ({ name }, _, { profiles }) => listProfileModels(name, await profiles.findProfile(name)),
    }),
    providers: t.field({
      type: [ProviderType],
      description:
        'The providers of the profile in the order of its configuration, or those that were found without one. The last one is `offline`, which needs no API key and no network.',
      resolve: async ({ name }, _, { profiles }) => listProfileProviders(name, await profiles.findProfile(name)),
    }),
    allowedTools: t.stringList({
      description:
        'The names of the tools that run without approval because a user answered ALWAYS. See `forgetApproval`.',
      resolve: async ({ name }, _, { profiles }) =>
        (await profiles.findProfile(name))?.profile.approvalRules.listAllowedTools() ?? [],
    }),
  }),
})

schemaBuilder.queryFields((t) => ({
  profiles: t.field({
    type: [ProfileObjectType],
    description: 'All profiles that exist: `default` first, then by name.',
    resolve: async (_, __, { profiles }) => (await profiles.visible.listNames()).map((name) => ({ name })),
  }),
  profile: t.field({
    type: ProfileObjectType,
    nullable: true,
    description: 'The profile with this name. A profile that does not exist is returned as an empty one.',
    args: { name: t.arg.string({ required: true, description: `The name: ${nameRuleDescription}.` }) },
    resolve: (_, { name }) => ({ name: parseProfileName(name, 'name') }),
  }),
}))
