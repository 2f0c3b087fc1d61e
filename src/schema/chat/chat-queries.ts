import { assertIntInRange } from '../arguments.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { MessageObjectType, StreamObjectType } from '../object-refs.ts'
import { ChatEventInterface } from './chat-event.ts'

const maxEvents = 1000
const defaultEvents = 500

schemaBuilder.queryFields((t) => ({
  stream: t.field({
    type: StreamObjectType,
    nullable: true,
    description: 'The stream with this id, in any profile. Null if there is none.',
    args: { id: t.arg.id({ required: true, description: 'The id of the stream: `str_…`.' }) },
    resolve: (_, { id }, { profiles }) => profiles.find('Stream', id),
  }),
  message: t.field({
    type: MessageObjectType,
    nullable: true,
    description: 'The message with this id, in any profile. Null if there is none.',
    args: { id: t.arg.id({ required: true, description: 'The id of a message in a Segue or a Hermes session.' }) },
    resolve: (_, { id }, { profiles }) => profiles.find('Message', id),
  }),
  events: t.field({
    type: [ChatEventInterface],
    nullable: true,
    description:
      'A page of the event log of a session, in the order of `seq`, for clients that poll instead of subscribing. The page may have fewer than `first` events although more exist; an empty page means that there are no more. If the cursor is greater than `Session.headSeq`, the page is a `StreamReset` alone. The error is NOT_FOUND if the session does not exist.',
    args: {
      sessionId: t.arg.id({ required: true, description: 'The id of the session.' }),
      after: t.arg.int({
        defaultValue: 0,
        description: 'A cursor: only events with a greater `seq` are returned. 0 or more.',
      }),
      first: t.arg.int({
        defaultValue: defaultEvents,
        description: `The maximum number of events to return: 1 to ${maxEvents}.`,
      }),
    },
    resolve: async (_, args, { profiles }) => {
      const [after, first] = [args.after ?? 0, args.first ?? defaultEvents]
      assertIntInRange(after, { name: 'after', min: 0 })
      assertIntInRange(first, { name: 'first', min: 1, max: maxEvents })
      const { chats } = await profiles.requireProfileOfSession(args.sessionId)
      return chats.subscriptions.loadPage(args.sessionId, after, first)
    },
  }),
}))
