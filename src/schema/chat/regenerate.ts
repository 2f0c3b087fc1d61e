import { legacyIdempotencyFingerprints } from '../../chat/requests/legacy-idempotency-fingerprints.ts'
import { idempotencyKeyArgs } from '../idempotency/idempotency-key-argument.ts'
import {
  createIdempotentResolver,
  reloadCreatedRecord,
  toRememberedCreatedId,
} from '../idempotency/idempotent-mutation.ts'
import { StreamObjectType } from '../object-refs.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { withModelArgument } from '../model-argument.ts'
import { FileInput, toMessageFiles } from './start-stream.ts'

schemaBuilder.mutationFields((t) => ({
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
        description:
          'The model that answers, as `<provider>/<name>` or the id of a `Model`. Default: the model of the session.',
      }),
      effort: t.arg.string({
        description:
          'The effort of reasoning: one of `efforts` of the model that answers. Default: the effort of the session.',
      }),
      ...idempotencyKeyArgs,
    },
    resolve: createIdempotentResolver({
      keySpace: ({ messageId }) => ({ type: 'Message', ids: [messageId] }),
      execute: ({ messageId, text, files, model, effort = null }, { profile, key }) =>
        withModelArgument({ model, profile: profile.profile.name, path: ['model'] }, (qualifiedName) =>
          profile.chats.regenerate(
            messageId,
            { text: text ?? null, files: files ? toMessageFiles(files) : null, model: qualifiedName, effort },
            key,
          ),
        ),
      remember: toRememberedCreatedId,
      reload: (_, remembered, scope) => reloadCreatedRecord('Stream', remembered, scope),
      legacyFingerprint: ({ messageId, text }) => legacyIdempotencyFingerprints.regenerate(messageId, text ?? null),
    }),
  }),
}))
