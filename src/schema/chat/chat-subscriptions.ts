import { assertIntInRange } from '../arguments.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { ChatEventInterface } from './chat-event.ts'
import { startStream, StreamChatInput } from './start-stream.ts'

/** The extension that marks a subscription field which starts something. The server refuses it over GET. */
export const startsStreamExtension = 'startsStream'

const afterDescription = 'A cursor: only events with a greater `seq` are sent.'

schemaBuilder.subscriptionFields((t) => ({
  streamChat: t.field({
    type: ChatEventInterface,
    description:
      'Sends a message, starts a stream that answers it, and emits its events up to `StreamFinished`. If a stream was already started with the same key, follows that stream. Refused over GET.',
    extensions: { [startsStreamExtension]: true },
    args: {
      input: t.arg({ type: StreamChatInput, required: true, description: 'The message.' }),
      after: t.arg.int({ description: `${afterDescription} Default: 0.` }),
    },
    subscribe: async (_, { input, after }, context) => {
      const cursor = resolveCursor(after)
      const { id, sessionId } = await startStream(input, context)
      const { chats } = await context.profiles.requireProfileOfSession(sessionId)
      return chats.subscriptions.subscribeToStream(id, cursor)
    },
    resolve: (event) => event,
  }),
  followStream: t.field({
    type: ChatEventInterface,
    description:
      'Emits the events of one stream after the cursor, then its new events, up to `StreamFinished`. Any number of clients can follow a stream, while it runs and after it ended.',
    args: {
      streamId: t.arg.id({ required: true, description: 'The id of the stream.' }),
      after: t.arg.int({ defaultValue: 0, description: afterDescription }),
    },
    subscribe: async (_, { streamId, after }, { profiles, lastEventId }) => {
      const cursor = resolveCursor(after, lastEventId)
      const { subscriptions } = (await profiles.requireProfileOwning('Stream', streamId)).chats
      const isFullyRead = await subscriptions.isFullyRead(streamId, cursor)
      // The SSE transport reads the flag: it is what stops an EventSource.
      return Object.assign(await subscriptions.subscribeToStream(streamId, cursor), { isFullyRead })
    },
    resolve: (event) => event,
  }),
  followSession: t.field({
    type: ChatEventInterface,
    description:
      'Emits all events of a session after the cursor, across its streams, then its new events. Completes only when the session is deleted.',
    args: {
      sessionId: t.arg.id({ required: true, description: 'The id of the session.' }),
      after: t.arg.int({ defaultValue: 0, description: afterDescription }),
    },
    subscribe: async (_, { sessionId, after }, { profiles, lastEventId }) => {
      const cursor = resolveCursor(after, lastEventId)
      const { chats } = await profiles.requireProfileOwning('Session', sessionId)
      return chats.subscriptions.subscribeToSession(sessionId, cursor)
    },
    resolve: (event) => event,
  }),
}))

/** The greater one of the argument `after` and the `Last-Event-ID` of an EventSource. Throws BAD_USER_INPUT. */
function resolveCursor(after: number | null | undefined, lastEventId: number | null = null): number {
  if (typeof after === 'number') assertIntInRange(after, { name: 'after', min: 0 })
  return Math.max(after ?? 0, lastEventId ?? 0)
}
