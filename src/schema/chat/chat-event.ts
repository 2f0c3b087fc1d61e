import type { ChatEvent, DeliveredEvent, StreamReset } from '../../model/chat-event.ts'
import type { StreamRecord } from '../../model/stream.ts'
import type { Context } from '../context.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { MessageObjectType, SessionObjectType, StreamObjectType } from '../object-refs.ts'
import { FinishReasonEnum, ResetReasonEnum, StreamStatusEnum } from './chat-enums.ts'

export const ChatEventInterface = schemaBuilder.interfaceRef<DeliveredEvent>('ChatEvent').implement({
  description:
    'An entry in the event log of a session. Events are numbered 1, 2, 3 and so on per session. When consecutive deltas of a part are coalesced into one event, that event has the highest of their numbers, so a gap in `seq` is not a loss. Clients should ignore types of events that they do not know.',
  resolveType: ({ type }) => type,
  fields: (t) => ({
    seq: t.exposeInt('seq', {
      description: 'The number of the event in the log of its session. Pass it as `after` to resume after this event.',
    }),
    at: t.expose('at', { type: 'DateTime', description: 'The time of the event.' }),
    sessionId: t.exposeID('sessionId', { description: 'The id of the session whose log contains the event.' }),
    streamId: t.exposeID('streamId', {
      nullable: true,
      description: 'The id of the stream that the event belongs to. Null if it belongs to none.',
    }),
  }),
})

export type ChatEventOfType<Type extends ChatEvent['type']> = Extract<ChatEvent, { readonly type: Type }>

const loadStream = (
  { stream, sessionId }: ChatEventOfType<'StreamStarted' | 'StreamChanged'>,
  _: object,
  { profiles }: Context,
): Promise<StreamRecord> => profiles.requireStream(stream.id, sessionId)

schemaBuilder.objectRef<ChatEventOfType<'StreamStarted'>>('StreamStarted').implement({
  description: 'A stream was accepted. It is QUEUED or RUNNING.',
  interfaces: [ChatEventInterface],
  fields: (t) => ({
    status: t.field({
      type: StreamStatusEnum,
      description: 'The state of the stream as of this event: QUEUED or RUNNING.',
      resolve: ({ stream }) => stream.status,
    }),
    stream: t.field({ type: StreamObjectType, description: 'The stream as it is now.', resolve: loadStream }),
    userMessage: t.field({
      type: MessageObjectType,
      description: 'The user message that the stream answers.',
      resolve: ({ userMessageId, sessionId }, _, { profiles }) => profiles.requireMessage(userMessageId, sessionId),
    }),
  }),
})

schemaBuilder.objectRef<ChatEventOfType<'StreamChanged'>>('StreamChanged').implement({
  description:
    'The status or the `retryAt` of a stream changed: from QUEUED to RUNNING, between RUNNING and WAITING, or because it begins or ends to wait for its provider. If it is still QUEUED, its user message changed. The end of a stream is a `StreamFinished`.',
  interfaces: [ChatEventInterface],
  fields: (t) => ({
    status: t.field({
      type: StreamStatusEnum,
      description: 'The state of the stream as of this event.',
      resolve: ({ stream }) => stream.status,
    }),
    stream: t.field({ type: StreamObjectType, description: 'The stream as it is now.', resolve: loadStream }),
  }),
})

schemaBuilder.objectRef<ChatEventOfType<'QueueChanged'>>('QueueChanged').implement({
  description:
    'The queue of the session changed: a message was queued, moved or taken back, or its turn began. It follows the events of the streams that the change is about.',
  interfaces: [ChatEventInterface],
  fields: (t) => ({
    streamIds: t.exposeIDList('streamIds', {
      description: 'The ids of the streams that wait for their turn as of this event, in order.',
    }),
    queue: t.field({
      type: [StreamObjectType],
      description: 'The `Session.queue` as it is now.',
      resolve: async ({ sessionId }, _, { profiles }) => {
        const { snapshot } = await profiles.requireProfileOfSession(sessionId)
        return snapshot.listQueue(sessionId)
      },
    }),
  }),
})

schemaBuilder.objectRef<ChatEventOfType<'StreamFinished'>>('StreamFinished').implement({
  description:
    'A stream ended. It is the last event of the stream and is committed in one transaction with the final message.',
  interfaces: [ChatEventInterface],
  fields: (t) => ({
    status: t.field({
      type: StreamStatusEnum,
      description: 'The final state of the stream.',
      resolve: ({ stream }) => stream.status,
    }),
    finishReason: t.field({
      type: FinishReasonEnum,
      nullable: true,
      description: 'The `finishReason` of the stream.',
      resolve: ({ stream: { finishReason } }) => finishReason ?? null,
    }),
    stream: t.expose('stream', { type: StreamObjectType, description: 'The stream after its end.' }),
    message: t.field({
      type: MessageObjectType,
      nullable: true,
      description: 'The saved assistant message. Null if nothing was produced.',
      resolve: ({ messageId, sessionId }, _, { profiles }) =>
        messageId === null ? null : profiles.requireMessage(messageId, sessionId),
    }),
  }),
})

schemaBuilder.objectRef<StreamReset>('StreamReset').implement({
  description: [
    'The server cannot resume from the cursor. The client must discard what it has of the stream (in `followSession`, of the session) and continue with this event. It is never stored in the log.',
    '`seq` is the cursor to continue from. Events with a greater `seq` follow; for a stream that has ended, its `StreamFinished` always does.',
    "A cursor between a stream's `lastSeq` and the session's `headSeq` is valid: the subscription to the stream completes at once.",
  ].join('\n\n'),
  interfaces: [ChatEventInterface],
  fields: (t) => ({
    reason: t.expose('reason', { type: ResetReasonEnum, description: 'Why the server cannot resume.' }),
    message: t.expose('message', {
      type: MessageObjectType,
      nullable: true,
      description:
        'The assistant message of the stream (in `followSession`, of the active stream) as of `seq`. Null if there is none. In `followSession`, the client must also query `Session.messages` again.',
    }),
  }),
})

schemaBuilder.objectRef<ChatEventOfType<'SessionChanged'>>('SessionChanged').implement({
  description:
    'A property of the session changed: its title, its model, its instructions, its effort, `compacting`, or `pinned` or `archived` of its conversation, which only the log of the tip tells; or `context`: once at the end of each step of an answer, at the end of one that was cut off, and when a summary is stored. It belongs to no stream. The title that the first message gives the session causes no event of its own.',
  interfaces: [ChatEventInterface],
  fields: (t) => ({
    session: t.field({
      type: SessionObjectType,
      description: 'The current state of the session.',
      resolve: ({ sessionId }, _, { profiles }) => profiles.requireSession(sessionId),
    }),
  }),
})

schemaBuilder.objectRef<ChatEventOfType<'SessionContinued'>>('SessionContinued').implement({
  description:
    'The context of the session was compacted between two streams. The session ended with the `endReason` `compression`, and the chat continues in another session. It is the last event in the log of `from`.',
  interfaces: [ChatEventInterface],
  fields: (t) => ({
    from: t.field({
      type: SessionObjectType,
      description: 'The session that ended.',
      resolve: ({ sessionId }, _, { profiles }) => profiles.requireSession(sessionId),
    }),
    toId: t.exposeID('toId', { description: 'The id of the session in which the chat continues.' }),
    to: t.field({
      type: SessionObjectType,
      nullable: true,
      description:
        'The session in which the chat continues. Its first message is a summary of the messages before. Null once it was deleted.',
      resolve: ({ toId }, _, { profiles }) => profiles.find('Session', toId),
    }),
  }),
})
