import type { Model } from '../../agent/models/model-registry.ts'
import { badInput } from '../../lib/errors.ts'
import { kindOfId } from '../../lib/ids.ts'
import { defaultProfile } from '../../profiles/profile-name.ts'
import { builder } from '../builder.ts'
import { ChatEventInterface } from '../chat/chat-event.ts'
import { SessionType, StreamType } from '../object-refs.ts'

export const ModelType = builder.objectRef<Model>('Model').implement({
  description: 'A model that can answer.',
  fields: (t) => ({
    id: t.exposeID('id', { description: '<provider>/<name>: what other fields take as model.' }),
    provider: t.exposeString('provider', { description: 'Where it comes from, as configured.' }),
    name: t.exposeString('name', { description: 'What its provider calls it.' }),
    isDefault: t.exposeBoolean('isDefault', { description: 'It answers where no model is named.' }),
  }),
})

const mostEvents = 1000

builder.queryFields((t) => ({
  node: t.field({
    type: builder.nodeInterfaceRef(),
    nullable: true,
    description:
      'Whatever has this id: a session, a conversation, a message, a stream, an approval, a clarification, a job, a run. Null when nothing has.',
    args: { id: t.arg.id({ required: true, description: 'The id.' }) },
    resolve: async (_, { id }, { scopes }) => {
      switch (kindOfId(id)) {
        case 'stream':
          return scopes.stream(id)
        case 'message':
          return scopes.message(id)
        case 'approval':
        case 'clarification':
          return scopes.decision(id)
        case 'job':
          return scopes.job(id)
        case 'jobRun':
          return scopes.jobRun(id)
        default:
          // Hermes' ids have no form of their own: one may name anything that Hermes keeps.
          return (
            (await scopes.conversation(id)) ??
            (await scopes.session(id)) ??
            (await scopes.message(id)) ??
            (await scopes.job(id)) ??
            scopes.jobRun(id)
          )
      }
    },
  }),
  session: t.field({
    type: SessionType,
    nullable: true,
    description: 'A session by id. Null when there is none.',
    args: { id: t.arg.id({ required: true, description: 'The id, of either origin.' }) },
    resolve: (_, { id }, { scopes }) => scopes.session(id),
  }),
  stream: t.field({
    type: StreamType,
    nullable: true,
    description: 'A stream by id. Null when there is none.',
    args: { id: t.arg.id({ required: true, description: 'str_…' }) },
    resolve: (_, { id }, { scopes }) => scopes.stream(id),
  }),
  events: t.field({
    type: [ChatEventInterface],
    description:
      "A page of a session's log, for a client that polls or catches up without a subscription. NOT_FOUND for an unknown session.",
    args: {
      sessionId: t.arg.id({ required: true, description: 'The session.' }),
      after: t.arg.int({ defaultValue: 0, description: 'Only events with a greater seq.' }),
      first: t.arg.int({ defaultValue: 500, description: `How many at most: 1 to ${mostEvents}.` }),
    },
    resolve: async (_, args, { scopes }) => {
      const [after, first] = [args.after ?? 0, args.first ?? 500]
      if (after < 0) throw badInput(`after is 0 or more; it was ${after}.`, 'after')
      if (first < 1 || first > mostEvents) throw badInput(`first is from 1 to ${mostEvents}; it was ${first}.`, 'first')
      const { chats } = await scopes.ofSession(args.sessionId)
      return chats.log.read({ sessionId: args.sessionId, after, limit: first })
    },
  }),
  models: t.field({
    type: [ModelType],
    description:
      'The models that can answer in the profile default; offline/eliza, which needs no key and no network, always among them.',
    resolve: async (_, __, { scopes }) => (await scopes.in(defaultProfile)).models.list(),
  }),
}))
