import type { Steering } from '../../../model/steering.ts'
import { MessageObjectType, StreamObjectType } from '../../object-refs.ts'
import { schemaBuilder } from '../../schema-builder.ts'
import { ChatEventInterface, type ChatEventOfType } from '../chat-event.ts'
import { SteeringStateEnum } from '../chat-enums.ts'

/** How a message joined an answer, with the session of both. */
interface SteeringOfSession extends Steering {
  readonly sessionId: string
}

const SteeringType = schemaBuilder.objectRef<SteeringOfSession>('Steering').implement({
  description: 'How a message that was sent with STEER joined an answer.',
  fields: (t) => ({
    state: t.expose('state', { type: SteeringStateEnum, description: 'What became of the message.' }),
    stream: t.field({
      type: StreamObjectType,
      description: 'The stream that the message joined.',
      resolve: ({ streamId, sessionId }, _, { profiles }) => profiles.requireStream(streamId, sessionId),
    }),
    step: t.exposeInt('step', {
      nullable: true,
      description: 'The first step of the answer that had the message in its context. Null unless APPLIED.',
    }),
    partIndex: t.exposeInt('partIndex', {
      nullable: true,
      description:
        'The index of the part of the answer before which the message is shown. It may be the number of the parts. Null unless APPLIED.',
    }),
  }),
})

schemaBuilder.objectField(MessageObjectType, 'steering', (t) =>
  t.field({
    type: SteeringType,
    nullable: true,
    description:
      'How the message joined a running answer. Null unless it was sent with STEER while one ran, and for copies whose original is gone.',
    resolve: async ({ steering, sessionId }, _, { profiles }) => {
      const stream = steering && (await profiles.find('Stream', steering.streamId))
      return stream ? { ...steering, sessionId: stream.sessionId ?? sessionId } : null
    },
  }),
)

schemaBuilder.objectField(StreamObjectType, 'steered', (t) =>
  t.field({
    type: [MessageObjectType],
    description:
      'The messages that have joined the stream with STEER, in the order in which they were accepted, also those that are not applied yet: at most 100.',
    resolve: async ({ id, sessionId }, _, { profiles }) => [
      ...(await (await profiles.requireProfileOfSession(sessionId)).chats.steering.list(id)),
    ],
  }),
)

schemaBuilder.objectRef<ChatEventOfType<'MessageSteered'>>('MessageSteered').implement({
  description:
    'A message that was sent with STEER was accepted for the stream, applied, queued or withdrawn. Queued messages have a stream of their own from this event on: `userMessage.stream`.',
  interfaces: [ChatEventInterface],
  fields: (t) => ({
    steeringState: t.expose('steeringState', {
      type: SteeringStateEnum,
      description: 'The state of the message as of this event.',
    }),
    userMessage: t.field({
      type: MessageObjectType,
      description: 'The message as it is now.',
      resolve: ({ userMessageId, sessionId }, _, { profiles }) => profiles.requireMessage(userMessageId, sessionId),
    }),
  }),
})
