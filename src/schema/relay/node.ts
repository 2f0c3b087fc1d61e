import type { ModelInfo } from '../../agent/models/model-registry.ts'
import { badInput } from '../../lib/errors.ts'
import { defaultProfileName } from '../../profiles/profile-name.ts'
import { builder } from '../builder.ts'
import { ChatEventInterface } from '../chat/chat-event.ts'
import { SessionType, StreamType } from '../object-refs.ts'

export const ModelType = builder.objectRef<ModelInfo>('Model').implement({
  description: 'A model that can answer.',
  fields: (t) => ({
    id: t.exposeID('id', { description: '<provider>/<name>: what other fields take as model.' }),
    provider: t.exposeString('provider', { description: 'Where it comes from, as configured.' }),
    name: t.exposeString('name', { description: 'What its provider calls it.' }),
    isDefault: t.exposeBoolean('isDefault', { description: 'It answers where no model is named.' }),
  }),
})

const maxEvents = 1000

builder.queryFields((t) => ({
  node: t.field({
    type: builder.nodeInterfaceRef(),
    nullable: true,
    description:
      'Whatever has this id: a session, a conversation, a message, a stream, an approval, a clarification, a job, a run. Null when nothing has.',
    args: { id: t.arg.id({ required: true, description: 'The id.' }) },
    resolve: async (_, { id }, { profiles }) => {
      const found = await profiles.findNode(id)
      return found && { ...found.record, __typename: found.type }
    },
  }),
  session: t.field({
    type: SessionType,
    nullable: true,
    description: 'A session by id. Null when there is none.',
    args: { id: t.arg.id({ required: true, description: 'The id, of either origin.' }) },
    resolve: (_, { id }, { profiles }) => profiles.find('Session', id),
  }),
  stream: t.field({
    type: StreamType,
    nullable: true,
    description: 'A stream by id. Null when there is none.',
    args: { id: t.arg.id({ required: true, description: 'str_…' }) },
    resolve: (_, { id }, { profiles }) => profiles.find('Stream', id),
  }),
  events: t.field({
    type: [ChatEventInterface],
    description:
      "A page of a session's log, for a client that polls or catches up without a subscription. NOT_FOUND for an unknown session.",
    args: {
      sessionId: t.arg.id({ required: true, description: 'The session.' }),
      after: t.arg.int({ defaultValue: 0, description: 'Only events with a greater seq.' }),
      first: t.arg.int({ defaultValue: 500, description: `How many at most: 1 to ${maxEvents}.` }),
    },
    resolve: async (_, args, { profiles }) => {
      const [after, first] = [args.after ?? 0, args.first ?? 500]
      if (after < 0) throw badInput(`after is 0 or more; it was ${after}.`, 'after')
      if (first < 1 || first > maxEvents) throw badInput(`first is from 1 to ${maxEvents}; it was ${first}.`, 'first')
      const { chats } = await profiles.requireProfileOfSession(args.sessionId)
      return chats.eventLog.read({ sessionId: args.sessionId, after, limit: first })
    },
  }),
  models: t.field({
    type: [ModelType],
    description:
      'The models that can answer in the profile default; offline/eliza, which needs no key and no network, always among them.',
    resolve: async (_, __, { profiles }) => (await profiles.requireProfile(defaultProfileName)).models.list(),
  }),
}))
