import type { ModelInfo } from '../../agent/models/model-registry.ts'
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
    isDefault: t.exposeBoolean('isDefault', { description: 'True if the model answers when no model is named.' }),
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
