import { idempotencyKeyArgs } from '../idempotency/idempotency-key-argument.ts'
import { createIdempotentResolver, reloadRecord } from '../idempotency/idempotent-mutation.ts'
import { ConversationObjectType, SessionObjectType } from '../object-refs.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { AttentionEnum } from '../session/session-enums.ts'

schemaBuilder.objectFields(ConversationObjectType, (t) => ({
  attention: t.expose('attention', {
    type: AttentionEnum,
    description: 'What the conversation wants of a person: over all of its sessions, the most urgent.',
  }),
  attentionSession: t.field({
    type: SessionObjectType,
    nullable: true,
    description: 'The session that `attention` is about. Null if it is IDLE.',
    resolve: async ({ root, attentionSessionId }, _, { profiles }) =>
      attentionSessionId === null
        ? null
        : (await profiles.requireProfile(root.profile)).sessionLoader.load(attentionSessionId),
  }),
  readAt: t.expose('readAt', {
    type: 'DateTime',
    nullable: true,
    description:
      'Up to when a person has read the conversation, on any device: see `markRead`. Sending a message marks up to it, stopping an answer up to its end. Null if it was never marked: then nothing older than the first start of the server in this home is unread.',
  }),
}))

schemaBuilder.mutationFields((t) => ({
  markRead: t.field({
    type: ConversationObjectType,
    nullable: true,
    description:
      'Marks a conversation of either origin as read, all of it, for all devices. A mark never goes back: an older one changes nothing.',
    args: {
      conversationId: t.arg.id({ required: true, description: 'The id of the conversation.' }),
      at: t.arg({
        type: 'DateTime',
        description:
          'Up to when it is read: a time that this server has sent, such as the `lastActivityAt` that the client shows. A later time than now means now. Default: now.',
      }),
      ...idempotencyKeyArgs,
    },
    resolve: createIdempotentResolver({
      keySpace: ({ conversationId }) => ({ type: 'Conversation', ids: [conversationId] }),
      execute: async ({ conversationId, at }, scope) => {
        const { profile, context, key } = scope
        const conversation = await reloadRecord('Conversation', conversationId, scope)
        await profile.chats.conversationManagement.markRead(conversation, at ?? null, key)
        context.profiles.clearCaches()
        return reloadRecord('Conversation', conversationId, scope)
      },
      reload: ({ conversationId }, _, scope) => reloadRecord('Conversation', conversationId, scope),
    }),
  }),
}))
