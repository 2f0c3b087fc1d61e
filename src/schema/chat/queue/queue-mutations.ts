import { createIdNotFoundError } from '../../../lib/errors.ts'
import type { SessionRecord } from '../../../model/session.ts'
import { idempotencyKeyArgs } from '../../idempotency/idempotency-key-argument.ts'
import { createIdempotentResolver, reloadRecord } from '../../idempotency/idempotent-mutation.ts'
import { SessionObjectType, StreamObjectType } from '../../object-refs.ts'
import type { RequestProfile } from '../../request-profile.ts'
import { schemaBuilder } from '../../schema-builder.ts'
import { FileInput, toMessageFiles } from '../start-stream.ts'

/** The keys of a call are kept in the profile of its stream. */
const toKeySpace = (streamId: string) => ({ type: 'Stream' as const, ids: [streamId] })

schemaBuilder.mutationFields((t) => ({
  updateQueuedMessage: t.field({
    type: StreamObjectType,
    nullable: true,
    description:
      'Changes a message that waits for its turn. If several clients change it, the last one wins. A `StreamChanged` tells of it. The error is STALE once the turn has begun or the message was taken back.',
    args: {
      streamId: t.arg.id({ required: true, description: 'The id of the queued stream that will answer the message.' }),
      text: t.arg.string({ description: 'A text that replaces the text of the message. Default: the same text.' }),
      files: t.arg({
        type: [FileInput],
        description:
          'Files that replace those of the message, up to 20. An empty list takes them away. Default: the same files.',
      }),
      ...idempotencyKeyArgs,
    },
    resolve: createIdempotentResolver({
      keySpace: ({ streamId }) => toKeySpace(streamId),
      execute: ({ streamId, text, files }, { profile, key }) => {
        const changes = { text: text ?? null, files: files ? toMessageFiles(files) : null }
        return profile.chats.queueManagement.updateMessage(streamId, changes, key)
      },
      reload: ({ streamId }, _, scope) => reloadRecord('Stream', streamId, scope),
    }),
  }),
}))

schemaBuilder.mutationFields((t) => ({
  moveQueuedMessage: t.field({
    type: SessionObjectType,
    nullable: true,
    description:
      'Moves a message that waits for its turn to another place in the queue of its session, and returns the session. The error is STALE once the turn of either message has begun or the message was taken back.',
    args: {
      streamId: t.arg.id({ required: true, description: 'The id of the queued stream to move.' }),
      before: t.arg.id({
        description:
          'The id of the stream of the same queue before which it is put; one of another session is BAD_USER_INPUT. Default: the end of the queue.',
      }),
      ...idempotencyKeyArgs,
    },
    resolve: createIdempotentResolver({
      keySpace: ({ streamId }) => toKeySpace(streamId),
      execute: async ({ streamId, before }, { profile, key, context }) => {
        const otherId = before ?? null
        const other = otherId === null ? null : await context.profiles.find('Stream', otherId)
        if (otherId !== null && !other) throw createIdNotFoundError('stream', otherId)
        await profile.chats.queueManagement.moveMessage(streamId, other, key)
        return requireSessionOfStream(streamId, profile)
      },
      reload: ({ streamId }, _, { profile }) => requireSessionOfStream(streamId, profile),
    }),
  }),
  sendQueuedMessage: t.field({
    type: StreamObjectType,
    nullable: true,
    description:
      'Starts the turn of a message that waits for it now, and cancels the active stream in the same transaction. The rest of the queue waits on. The error is STALE once the turn has begun or the message was taken back.',
    args: {
      streamId: t.arg.id({ required: true, description: 'The id of the queued stream that answers the message.' }),
      ...idempotencyKeyArgs,
    },
    resolve: createIdempotentResolver({
      keySpace: ({ streamId }) => toKeySpace(streamId),
      execute: ({ streamId }, { profile, key }) => profile.chats.queueManagement.sendMessage(streamId, key),
      reload: ({ streamId }, _, scope) => reloadRecord('Stream', streamId, scope),
    }),
  }),
}))

/** The session of a stream, as it is now. Throws NOT_FOUND if it was deleted. */
async function requireSessionOfStream(streamId: string, { chats, sessions }: RequestProfile): Promise<SessionRecord> {
  const stream = await chats.findStream(streamId)
  const session = stream && (await sessions.find(stream.sessionId))
  if (!session) throw createIdNotFoundError('stream', streamId)
  return session
}
