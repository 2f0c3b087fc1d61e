import type { ModelInfo } from '../../agent/models/model-info.ts'
import { defaultProfileName } from '../../profiles/profile-name.ts'
import { schemaBuilder } from '../schema-builder.ts'

export const ModelType = schemaBuilder.objectRef<ModelInfo>('Model').implement({
  description: 'A model that can answer.',
  fields: (t) => ({
    id: t.exposeID('id', {
      description: 'The id of the model: `<provider>/<name>`. Arguments named `model` take this value.',
    }),
    provider: t.exposeString('provider', { description: 'The name of the provider in the configuration.' }),
    name: t.exposeString('name', { description: 'The name of the model at its provider.' }),
    qualifiedName: t.exposeString('id', { description: '`<provider>/<name>`.' }),
    isDefault: t.exposeBoolean('isDefault', { description: 'True if the model answers when no model is named.' }),
    supportsTools: t.exposeBoolean('supportsTools', {
      nullable: true,
      description:
        'False once its provider has refused tools for it; chats with it go on without tools. Null while nothing is known.',
    }),
    supportsImages: t.exposeBoolean('supportsImages', {
      nullable: true,
      description:
        'False once its provider has refused images for it; requests to it have a line of text in their place. Null while nothing is known.',
    }),
    contextWindow: t.exposeInt('contextWindow', {
      nullable: true,
      description:
        'How many tokens it takes, as configured, as its provider lists it, or as a refusal named it. Null while nothing is known.',
    }),
    omittedTools: t.exposeStringList('omittedTools', {
      description:
        'The names of the tools that the latest request to it left out, because its provider or its context window has no room for more. Empty before the first request since the start of the server.',
    }),
  }),
})

schemaBuilder.queryField('models', (t) =>
  t.field({
    type: [ModelType],
    description:
      'The models of the profile `default`. They always include `offline/eliza`, which needs no API key and no network.',
    resolve: async (_, __, { profiles }) => (await profiles.requireProfile(defaultProfileName)).models.list(),
  }),
)
