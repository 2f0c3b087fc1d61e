import type { CancelResult } from '../../chat/cancel-result.ts'
import { idempotencyKeyArgs } from '../idempotency/idempotency-key-argument.ts'
import { createIdempotentResolver, reloadRecord } from '../idempotency/idempotent-mutation.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { MessageObjectType, StreamObjectType } from '../object-refs.ts'
import { CancelOutcomeEnum } from './chat-enums.ts'
import { startChatMutation, StreamChatInput } from './start-stream.ts'

const CancelStreamPayload = schemaBuilder.objectRef<CancelResult>('CancelStreamPayload').implement({
  description: 'The state of a cancelled stream.',
  fields: (t) => ({
    stream: t.expose('stream', { type: StreamObjectType, description: 'The stream after its end.' }),
    message: t.field({
      type: MessageObjectType,
      nullable: true,
      description:
        'The saved message: exactly what was produced before the stream ended. Null if nothing was produced.',
      resolve: ({ answer }) => answer,
    }),
    outcome: t.expose('outcome', { type: CancelOutcomeEnum, description: 'What this call did.' }),
    lastSeq: t.int({
      description: 'The `seq` of the `StreamFinished` event of the stream.',
      resolve: ({ stream }) => stream.lastSeq,
    }),
    withdrawn: t.field({
      type: [MessageObjectType],
      description:
        'The messages that were to join the answer and were withdrawn with it, in the order in which they were accepted. A client gives their text back to the composer.',
      resolve: async ({ stream: { id, sessionId } }, _, { profiles }) =>
        (await profiles.requireProfileOfSession(sessionId)).chats.steering.listWithdrawn(id),
    }),
  }),
})

schemaBuilder.mutationFields((t) => ({
  startChat: t.field({
    type: StreamObjectType,
    nullable: true,
    description:
      'Sends a message and starts a stream that answers it. Returns at once; use `followStream` to receive the events. The subscription `streamChat` does both.',
    args: { input: t.arg({ type: StreamChatInput, required: true, description: 'The message.' }) },
    resolve: createIdempotentResolver(startChatMutation),
  }),
  cancelStream: t.field({
    type: CancelStreamPayload,
    nullable: true,
    description:
      'Stops a stream and returns its saved message, which contains everything that any client has received. No event of the stream follows its `StreamFinished`. Repeated calls return the same message.',
    args: { streamId: t.arg.id({ required: true, description: 'The id of the stream.' }), ...idempotencyKeyArgs },
    resolve: createIdempotentResolver({
      keySpace: ({ streamId }) => ({ type: 'Stream', ids: [streamId] }),
      execute: ({ streamId }, { profile, key }) => profile.chats.cancel(streamId, key),
      remember: ({ outcome }) => ({ outcome }),
      reload: async ({ streamId }, remembered, { profile }): Promise<CancelResult> => {
        const ended = await profile.chats.cancel(streamId)
        return remembered.outcome === 'CANCELLED' ? { ...ended, outcome: 'CANCELLED' } : ended
      },
    }),
  }),
  withdrawMessage: t.field({
    type: MessageObjectType,
    nullable: true,
    description:
      'Takes back a message that was sent with STEER, while its `steering.state` is PENDING. It stays in the transcript, and no model is sent it. STALE otherwise.',
    args: { messageId: t.arg.id({ required: true, description: 'The id of the message.' }), ...idempotencyKeyArgs },
    resolve: createIdempotentResolver({
      keySpace: ({ messageId }) => ({ type: 'Message', ids: [messageId] }),
      execute: ({ messageId }, { profile, key }) => profile.chats.steering.withdraw(messageId, key),
      reload: ({ messageId }, _, scope) => reloadRecord('Message', messageId, scope),
    }),
  }),
}))
