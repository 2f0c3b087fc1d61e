import type { GraphQLResolveInfo } from 'graphql'
import { createBadInputError, createIdNotFoundError, SegueError } from '../../lib/errors.ts'
import type { AcceptedStream } from '../../chat/turn/new-turn.ts'
import { assertIntInRange } from '../arguments.ts'
import type { Context } from '../context.ts'
import { executeIdempotentMutation } from '../idempotency/idempotent-mutation.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { ChatEventInterface } from './chat-event.ts'
import { startChatMutation, StreamChatInput } from './start-stream.ts'

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
    subscribe: async (_, args, context, info) => {
      const cursor = resolveCursor(args.after, context.lastEventId)
      const { id, sessionId, joinedAtSeq = 1 } = await startOrJoinStream(args, context, info)
      const profile = await context.profiles.requireProfileOfSession(sessionId)
      context.profiles.rememberFollowedSession(sessionId, profile)
      const { chats } = profile
      // A message that has joined a stream is followed from its own event on.
      return chats.subscriptions.subscribeToStream(id, Math.max(cursor, joinedAtSeq - 1))
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
      const stream = await profiles.find('Stream', streamId)
      if (!stream) throw createIdNotFoundError('stream', streamId)
      const profile = await profiles.requireProfileOfSession(stream.sessionId)
      profiles.rememberFollowedSession(stream.sessionId, profile)
      return profile.chats.subscriptions.subscribeToStream(streamId, cursor)
    },
    resolve: (event) => event,
  }),
  followSession: t.field({
    type: ChatEventInterface,
    description:
      'Emits all events of a session after the cursor, across its streams, then its new events. Completes after `SessionContinued`, and when the session or its profile is deleted.',
    args: {
      sessionId: t.arg.id({ required: true, description: 'The id of the session.' }),
      after: t.arg.int({ defaultValue: 0, description: afterDescription }),
    },
    subscribe: async (_, { sessionId, after }, { profiles, lastEventId }) => {
      const cursor = resolveCursor(after, lastEventId)
      const profile = await profiles.requireProfileOfSession(sessionId)
      profiles.rememberFollowedSession(sessionId, profile)
      return profile.chats.subscriptions.subscribeToSession(sessionId, cursor)
    },
    resolve: (event) => event,
  }),
}))

/**
 * Starts the stream, or joins the one that was started with the same key. A request with a `Last-Event-ID` has received
 * events of its stream: it only joins.
 */
function startOrJoinStream(
  args: { readonly input: typeof StreamChatInput.$inferInput },
  context: Context,
  info: GraphQLResolveInfo,
): Promise<AcceptedStream> {
  const mutation = context.lastEventId === null ? startChatMutation : joinChatMutation
  return executeIdempotentMutation('startChat', mutation, args, context, info)
}

const joinChatMutation: typeof startChatMutation = {
  ...startChatMutation,
  execute: (_, { key }) => {
    if (key) throw new SegueError('NOT_FOUND', 'No stream has this key. Send the request without Last-Event-ID.')
    const message =
      'A request with Last-Event-ID joins the stream of its key. Send the key that the stream was started with.'
    throw createBadInputError(message, 'input', 'key')
  },
}

/** The `Last-Event-ID` of an EventSource that reconnects, else the argument `after`. Throws BAD_USER_INPUT. */
function resolveCursor(after: number | null | undefined, lastEventId: number | null = null): number {
  if (typeof after === 'number') assertIntInRange(after, { name: 'after', min: 0 })
  return lastEventId ?? after ?? 0
}
