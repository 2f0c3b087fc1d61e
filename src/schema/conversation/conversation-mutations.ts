import { normalizeTitle } from '../../model/conversation/title.ts'
import type { ConversationSettingsPatch } from '../../storage/sessions/conversation-settings.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { idempotencyKeyArgs } from '../idempotency/idempotency-key-argument.ts'
import { createIdempotentResolver, reloadRecord } from '../idempotency/idempotent-mutation.ts'
import { ConversationObjectType } from '../object-refs.ts'

const UpdateConversationInput = schemaBuilder.inputType('UpdateConversationInput', {
  description: 'The properties of a conversation to change. A field that is omitted or null stays unchanged.',
  fields: (t) => ({
    title: t.string({
      description:
        'The new title: at most 200 characters on one line. An empty title brings back the title of the root.',
    }),
    pinned: t.boolean({ description: 'Whether the conversation is pinned to the top of the list.' }),
    archived: t.boolean({ description: 'Whether the conversation is archived.' }),
  }),
})

schemaBuilder.mutationFields((t) => ({
  updateConversation: t.field({
    type: ConversationObjectType,
    nullable: true,
    description:
      "Changes a conversation of either origin. Segue stores what is set, also for a Hermes conversation, and changes none of Hermes' files. The settings stay with all sessions of the conversation: if its root is deleted, the conversations that remain keep them.",
    args: {
      id: t.arg.id({ required: true, description: 'The id of the conversation.' }),
      input: t.arg({ type: UpdateConversationInput, required: true, description: 'The changes.' }),
      ...idempotencyKeyArgs,
    },
    resolve: createIdempotentResolver({
      keySpace: ({ id }) => ({ type: 'Conversation', ids: [id] }),
      execute: async ({ id, input }, scope) => {
        const patch = toSettingsPatch(input)
        const { profile, context, key } = scope
        const conversation = await reloadRecord('Conversation', id, scope)
        if (Object.keys(patch).length === 0) return conversation
        await profile.chats.conversationManagement.update(conversation, patch, key)
        context.profiles.clearCaches()
        return reloadRecord('Conversation', id, scope)
      },
      reload: ({ id }, _, scope) => reloadRecord('Conversation', id, scope),
    }),
  }),
  deleteConversation: t.id({
    nullable: true,
    description:
      'Deletes all sessions of a conversation and everything derived from them, or none, and returns its id. The error is SESSION_BUSY while a stream is running or waiting in one of them, and SESSION_READ_ONLY if one of them is a Hermes session. Subscriptions to the sessions complete.',
    args: { id: t.arg.id({ required: true, description: 'The id of the conversation.' }), ...idempotencyKeyArgs },
    resolve: createIdempotentResolver({
      keySpace: ({ id }) => ({ type: 'Conversation', ids: [id] }),
      execute: async ({ id }, scope) => {
        const { profile, key } = scope
        await profile.chats.conversationManagement.delete(await reloadRecord('Conversation', id, scope), key)
        return id
      },
      reload: async ({ id }) => id,
    }),
  }),
}))

/** Null is the same as a field that is left out. Throws BAD_USER_INPUT. */
function toSettingsPatch({
  title,
  pinned,
  archived,
}: typeof UpdateConversationInput.$inferInput): ConversationSettingsPatch {
  return {
    ...(typeof title === 'string' && { title: title === '' ? null : normalizeTitle(title) }),
    ...(typeof pinned === 'boolean' && { pinned }),
    ...(typeof archived === 'boolean' && { archived }),
  }
}
