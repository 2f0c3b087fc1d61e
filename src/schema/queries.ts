import type { Model } from '../agent/models.ts'
import { badInput, notFound } from '../errors.ts'
import { kindOfId } from '../ids.ts'
import { builder } from './builder.ts'
import { ChatEventInterface } from './chat-event.ts'
import { SessionType, StreamType } from './refs.ts'

const ModelType = builder.objectRef<Model>('Model').implement({
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
    description: 'Whatever has this id: a session, a conversation, a message, a stream. Null when nothing has.',
    args: { id: t.arg.id({ required: true, description: 'The id.' }) },
    resolve: async (_, { id }, { domain, loader, conversations }) => {
      switch (kindOfId(id)) {
        case 'stream':
          return domain.chats.stream(id)
        case 'message':
          return domain.chats.message(id)
        default:
          // Hermes' ids have no form of their own: one may name a session, or a message in one.
          return (await conversations.byId(id)) ?? (await loader.load(id)) ?? domain.chats.message(id)
      }
    },
  }),
  session: t.field({
    type: SessionType,
    nullable: true,
    description: 'A session by id. Null when there is none.',
    args: { id: t.arg.id({ required: true, description: 'The id, of either origin.' }) },
    resolve: (_, { id }, { loader }) => loader.load(id),
  }),
  stream: t.field({
    type: StreamType,
    nullable: true,
    description: 'A stream by id. Null when there is none.',
    args: { id: t.arg.id({ required: true, description: 'str_…' }) },
    resolve: (_, { id }, { domain }) => domain.chats.stream(id),
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
    resolve: async (_, args, { domain, loader }) => {
      const [after, first] = [args.after ?? 0, args.first ?? 500]
      if (after < 0) throw badInput(`after is 0 or more; it was ${after}.`, 'after')
      if (first < 1 || first > mostEvents) throw badInput(`first is from 1 to ${mostEvents}; it was ${first}.`, 'first')
      if (!(await loader.load(args.sessionId))) throw notFound('session', args.sessionId)
      return domain.chats.log.read({ sessionId: args.sessionId, after, limit: first })
    },
  }),
  models: t.field({
    type: [ModelType],
    description: 'The models that can answer; offline/eliza, which needs no key and no network, always among them.',
    resolve: (_, __, { domain }) => domain.models.list(),
  }),
}))
