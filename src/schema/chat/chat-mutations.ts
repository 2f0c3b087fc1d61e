import type { CancelResult } from '../../chat/chat-service.ts'
import { legacyIdempotencyFingerprints } from '../../chat/requests/legacy-idempotency-fingerprints.ts'
import { idempotencyKeyArgs } from '../idempotency/idempotency-key-argument.ts'
import {
  reloadCreatedRecord,
  toRememberedCreatedId,
  createIdempotentResolver,
} from '../idempotency/idempotent-mutation.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { withModelErrorPath } from '../with-model-error-path.ts'
import { MessageObjectType, StreamObjectType } from '../object-refs.ts'
import { CancelOutcomeEnum } from './chat-enums.ts'
import { FileInput, startChatMutation, StreamChatInput, toMessageFiles } from './start-stream.ts'

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
  regenerate: t.field({
    type: StreamObjectType,
    nullable: true,
    description:
      'Tries a turn again: answers its user message in a new session, which starts with copies of the messages before it. The session that it is made from stays unchanged, and both are in one conversation: see `Session.retryOf` and `Message.alternatives`. Works for messages of Hermes too. The error is SESSION_BUSY while the message `messageId` is streaming, and BAD_USER_INPUT while it is queued.',
    args: {
      messageId: t.arg.id({
        required: true,
        description: 'The id of the user message, or of the assistant message that answered it.',
      }),
      text: t.arg.string({
        description: 'A text that replaces the text of the user message. Default: the same text.',
      }),
      files: t.arg({
        type: [FileInput],
        description:
          'Files that replace those of the user message, up to 20. An empty list takes them away. Default: the same files.',
      }),
      model: t.arg.string({
        description: 'The model that answers, as `<provider>/<name>`. Default: the model of the session.',
      }),
      ...idempotencyKeyArgs,
    },
    resolve: createIdempotentResolver({
      keySpace: ({ messageId }) => ({ type: 'Message', ids: [messageId] }),
      execute: ({ messageId, text, files, model }, { profile, key }) =>
        withModelErrorPath(
          model,
          () =>
            profile.chats.regenerate(
              messageId,
              { text: text ?? null, files: files ? toMessageFiles(files) : null, model: model ?? null },
              key,
            ),
          ['model'],
        ),
      remember: toRememberedCreatedId,
      reload: (_, remembered, scope) => reloadCreatedRecord('Stream', remembered, scope),
      legacyFingerprint: ({ messageId, text }) => legacyIdempotencyFingerprints.regenerate(messageId, text ?? null),
    }),
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
}))
