import type { SessionContext } from '../../model/context/context-size.ts'
import { SessionObjectType } from '../object-refs.ts'
import { readsPageExtension } from '../resolvers/yield-in-lists.ts'
import { schemaBuilder } from '../schema-builder.ts'

const SessionContextType = schemaBuilder.objectRef<SessionContext>('SessionContext').implement({
  description:
    'The size of what a model would be sent next, in its tokens. `instructions`, `tools` and `history` add up to `tokens`. `window` and `compactsAt` are null while the context window is not known.',
  fields: (t) => ({
    tokens: t.exposeInt('tokens', { description: 'All of it, without the answer.' }),
    window: t.exposeInt('window', {
      nullable: true,
      description:
        'What the context window of the model holds: the input and the answer. Null while it is not known, as `Model.contextWindow`.',
    }),
    compactsAt: t.exposeInt('compactsAt', {
      nullable: true,
      description:
        'The size above which the session is summarised after a turn. Null while the window is not known, and if `autoCompactThreshold` is 0.',
    }),
    estimated: t.exposeBoolean('estimated', {
      description:
        'True if the server has estimated the tokens: it has no tokenizer. What providers have counted of earlier requests corrects the estimate.',
    }),
    instructions: t.exposeInt('instructions', { description: 'The part of the instructions (system prompt).' }),
    tools: t.exposeInt('tools', { description: 'The part of the tools, and of what the model is told about them.' }),
    history: t.exposeInt('history', { description: 'The part of the summary and the messages.' }),
  }),
})

schemaBuilder.objectFields(SessionObjectType, (t) => ({
  context: t.field({
    type: SessionContextType,
    nullable: true,
    description:
      'The size of what the model would be sent next: what `modelContext` has, and the tools. It is right before the first request, too, and after a compaction, a fork or a change of model. Null like `modelContext`: for a session that has ended, and for a Hermes session.',
    extensions: { [readsPageExtension]: true },
    resolve: async (session, _, { profiles }) =>
      (await profiles.requireProfile(session.profile)).chats.measureContextOrNull(session),
  }),
}))
