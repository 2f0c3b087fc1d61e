import { toProfileModelId } from '../../profiles/profile-model-id.ts'
import { parseProfileName } from '../../profiles/profile-name.ts'
import { profileArgs } from '../arguments.ts'
import { ModelObjectType } from '../object-refs.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { listProfileModels } from './profile-model.ts'

ModelObjectType.implement({
  description: 'A model that can answer in a profile.',
  interfaces: [schemaBuilder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({
      description:
        'The id of the model in one profile: `mdl_…`. Arguments named `model` take it, as well as the `qualifiedName`.',
      resolve: ({ info, profile }) => toProfileModelId({ profile, qualifiedName: info.id }),
    }),
    provider: t.string({
      resolve: ({ info }) => info.provider,
      description: 'The name of the provider in the configuration.',
    }),
    name: t.string({
      resolve: ({ info }) => info.name,
      description: 'The name of the model at its provider.',
    }),
    qualifiedName: t.string({
      resolve: ({ info }) => info.id,
      description: '`<provider>/<name>`, which names the model within its profile.',
    }),
    isDefault: t.boolean({
      resolve: ({ info }) => info.isDefault,
      description: 'True if the model answers when no model is named.',
    }),
    supportsTools: t.boolean({
      resolve: ({ info }) => info.supportsTools,
      nullable: true,
      description:
        'False once its provider has refused tools for it; chats with it go on without tools. Null while nothing is known.',
    }),
    supportsImages: t.boolean({
      resolve: ({ info }) => info.supportsImages,
      nullable: true,
      description:
        'False once its provider has refused images for it; requests to it have a line of text in their place. Null while nothing is known.',
    }),
    efforts: t.stringList({
      resolve: ({ info }) => [...info.efforts],
      description:
        'The efforts of reasoning that it takes, least first: as configured, as its provider lists them, or as they are known of its family; `low`, `medium` and `high` if nothing is known. Those that its provider has refused lately are left out. Empty if it has none.',
    }),
    contextWindow: t.int({
      resolve: ({ info }) => info.contextWindow,
      nullable: true,
      description:
        'How many tokens it takes, as configured, as its provider lists it, or as a refusal named it. Null while nothing is known.',
    }),
    omittedTools: t.stringList({
      resolve: ({ info }) => [...info.omittedTools],
      description:
        'The names of the tools that the latest request to it left out, because its provider or its context window has no room for more. Empty before the first request since the start of the server.',
    }),
  }),
})

schemaBuilder.queryField('models', (t) =>
  t.field({
    type: [ModelObjectType],
    description: 'The models of a profile. They always include `offline/eliza`, which needs no API key and no network.',
    args: profileArgs,
    resolve: async (_, args, { profiles }) => {
      const profile = parseProfileName(args.profile, 'profile')
      return listProfileModels(profile, await profiles.findProfile(profile))
    },
  }),
)
