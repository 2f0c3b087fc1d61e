import type { ProviderState } from '../../agent/providers/check-provider.ts'
import { ModelObjectType } from '../object-refs.ts'
import { schemaBuilder } from '../schema-builder.ts'
import type { ProfileProvider } from './profile-provider.ts'

const ProviderStateEnum = schemaBuilder.enumType('ProviderState', {
  description: 'Whether a provider answers.',
  values: {
    READY: { description: 'It answers.' },
    UNREACHABLE: { description: 'It does not answer, or its server fails.' },
    NO_KEY: { description: 'It needs an API key, and none is configured.' },
    REFUSED: { description: 'It answers, and refuses the API key, the account or the request.' },
  } as const satisfies Record<ProviderState, object>,
})

export const ProviderType = schemaBuilder.objectRef<ProfileProvider>('Provider').implement({
  description: 'A server with models, in the configuration of a profile.',
  fields: (t) => ({
    name: t.exposeString('name', {
      description: 'Its name in the configuration: the first part of the names of its models.',
    }),
    type: t.exposeString('type', {
      description: 'The format that it speaks: `openai`, `anthropic`, `azure`, `openai-compatible`, or `offline`.',
    }),
    state: t.field({
      type: ProviderStateEnum,
      description:
        'Whether it answers. It is asked for its list of models, at most once a minute, or every five seconds while something is wrong. This delays a response by up to three seconds.',
      resolve: async (provider) => (await provider.checkAvailability()).state,
    }),
    error: t.string({
      nullable: true,
      description: 'What went wrong last and what to do, without secrets. Null if `state` is READY.',
      resolve: async (provider) => (await provider.checkAvailability()).error,
    }),
    models: t.field({
      type: [ModelObjectType],
      description: 'Its models, as in `models`.',
      resolve: async (provider) => [...(await provider.listModels())],
    }),
  }),
})
