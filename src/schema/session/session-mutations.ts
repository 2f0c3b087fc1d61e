import { createBadInputError } from '../../lib/errors.ts'
import type { PreparedSessionChange, UpdateSessionRequest } from '../../chat/session-management.ts'
import { parseInstructions } from '../../model/answer-settings/instructions.ts'
import type { SessionRecord } from '../../model/session.ts'
import { schemaBuilder } from '../schema-builder.ts'
import type { Context } from '../context.ts'
import { idempotencyKeyArgs } from '../idempotency/idempotency-key-argument.ts'
import { type IdempotentMutation, reloadRecord, createIdempotentResolver } from '../idempotency/idempotent-mutation.ts'
import type { IdempotencyKeyProfileSelector } from '../idempotency/idempotency-key-profile-selector.ts'
import { SessionObjectType } from '../object-refs.ts'
import type { RequestProfile } from '../request-profile.ts'
import { instructionsLengthDescription } from './instructions-description.ts'
import { withModelArgument } from '../model-argument.ts'

const maxBatchSize = 1000

const UpdateSessionInput = schemaBuilder.inputType('UpdateSessionInput', {
  description: 'The properties of a session to change. Omitted fields stay unchanged.',
  fields: (t) => ({
    title: t.string({ description: 'The new title: 1 to 200 characters on one line. An empty one removes the title.' }),
    pinned: t.boolean({
      description: 'Whether the conversation of the session is pinned to the top of the list.',
    }),
    archived: t.boolean({ description: 'Whether the conversation of the session is archived.' }),
    model: t.string({
      description:
        'The model for future answers, as `<provider>/<name>` or the id of a `Model`. Empty: the default model of the profile at that time.',
    }),
    effort: t.string({
      description:
        'The effort of reasoning of future answers: one of `efforts` of the model, else the error is BAD_USER_INPUT. If the session has another model later, the effort is lowered to one that it has. Empty: the default of the model.',
    }),
    instructions: t.string({
      description: `The instructions (system prompt) for future requests to the model: ${instructionsLengthDescription} Empty: those of the profile.`,
    }),
  }),
})

schemaBuilder.mutationFields((t) => ({
  updateSession: t.field({
    type: SessionObjectType,
    nullable: true,
    description:
      'Changes a session. `pinned` and `archived` change its conversation, and so does the title if the session is the tip. The error is SESSION_READ_ONLY for a Hermes session: see `updateConversation`.',
    args: {
      id: t.arg.id({ required: true, description: 'The id of the session.' }),
      input: t.arg({ type: UpdateSessionInput, required: true, description: 'The changes.' }),
      ...idempotencyKeyArgs,
    },
    resolve: createIdempotentResolver({
      keySpace: ({ id }) => toKeySpace([id]),
      execute: async ({ id, input }, scope) => {
        const [session] = await updateSessions([id], toSessionPatch(input), scope)
        return requireUpdated(session)
      },
      reload: ({ id }, _, scope) => reloadRecord('Session', id, scope),
    }),
  }),
  updateSessions: t.field({
    type: [SessionObjectType],
    nullable: true,
    description: `Makes the same change to up to ${maxBatchSize} sessions. If one of them cannot be changed, none is. Returns the sessions in the order of \`ids\`.`,
    args: {
      ids: t.arg.idList({ required: true, description: `The ids of the sessions, at most ${maxBatchSize}.` }),
      input: t.arg({ type: UpdateSessionInput, required: true, description: 'The changes.' }),
      ...idempotencyKeyArgs,
    },
    resolve: createIdempotentResolver({
      keySpace: ({ ids }) => toKeySpace(ids),
      execute: ({ ids, input }, scope) => updateSessions(ids, toSessionPatch(input), scope),
      reload: ({ ids }, _, scope) => Promise.all(ids.map((id) => reloadRecord('Session', id, scope))),
    }),
  }),
}))

schemaBuilder.mutationFields((t) => ({
  deleteSession: t.id({
    nullable: true,
    description:
      'Deletes a session and everything derived from it, and returns its id. The error is SESSION_BUSY while a stream is running or waiting in it. A session that continued it becomes a root; the oldest retry of it takes its place. A session that it continued stays ended: go on from that one with `CreateSessionInput.continues`. Subscriptions to it complete.',
    args: { id: t.arg.id({ required: true, description: 'The id of the session.' }), ...idempotencyKeyArgs },
    resolve: createIdempotentResolver({
      keySpace: ({ id }) => toKeySpace([id]),
      execute: async ({ id }, scope) => {
        await deleteSessions([id], scope)
        return id
      },
      reload: async ({ id }) => id,
    }),
  }),
  deleteSessions: t.idList({
    nullable: true,
    description: `Deletes up to ${maxBatchSize} sessions and returns their ids. If one of them cannot be deleted when the call starts, none is.`,
    args: {
      ids: t.arg.idList({ required: true, description: `The ids of the sessions, at most ${maxBatchSize}.` }),
      ...idempotencyKeyArgs,
    },
    resolve: createIdempotentResolver({
      keySpace: ({ ids }) => toKeySpace(ids),
      execute: async ({ ids }, scope) => {
        await deleteSessions(scope.isResumed ? await listExisting(ids, scope.context) : ids, scope)
        return ids
      },
      reload: async ({ ids }) => ids,
    }),
  }),
}))

type SessionChangeScope = Parameters<IdempotentMutation<unknown, unknown>['execute']>[1]

async function updateSessions(
  ids: readonly string[],
  patch: UpdateSessionRequest,
  scope: SessionChangeScope,
): Promise<SessionRecord[]> {
  const groups = await groupByProfile(ids, scope.context)
  // Validated in all profiles before any of them is changed.
  const prepared: PreparedSessionChange<SessionRecord[]>[] = []
  for (const [{ chats, profile }, groupIds] of groups) {
    const argument = { model: patch.model, profile: profile.name, path: ['input', 'model'] }
    prepared.push(
      await withModelArgument(argument, (model) =>
        chats.sessionManagement.prepareUpdate(groupIds, { ...patch, ...(patch.model !== undefined && { model }) }),
      ),
    )
  }
  const sessions = await applyChanges(prepared, ids, scope)
  const sessionsById = new Map(sessions.flat().map((session) => [session.id, session]))
  return ids.map((id) => requireUpdated(sessionsById.get(id)))
}

async function deleteSessions(ids: readonly string[], scope: SessionChangeScope): Promise<void> {
  const groups = await groupByProfile(ids, scope.context)
  const prepared: PreparedSessionChange<void>[] = []
  for (const [{ chats }, groupIds] of groups) prepared.push(await chats.sessionManagement.prepareDelete(groupIds))
  await applyChanges(prepared, ids, scope)
}

/** The key is stored with the change of a single session, and before the first of several. */
async function applyChanges<Result>(
  changes: readonly PreparedSessionChange<Result>[],
  ids: readonly string[],
  { key, begin }: SessionChangeScope,
): Promise<Result[]> {
  const [change] = changes
  if (change && new Set(ids).size === 1) return [await change.apply(key)]
  await begin()
  const results: Result[] = []
  for (const { apply } of changes) results.push(await apply())
  return results
}

async function listExisting(ids: readonly string[], { profiles }: Context): Promise<string[]> {
  const owners = await profiles.findProfilesOwning('Session', ids)
  return ids.filter((_, index) => owners[index] !== null)
}

/** Throws BAD_USER_INPUT for too many ids. */
function toKeySpace(ids: readonly string[]): IdempotencyKeyProfileSelector {
  if (ids.length <= maxBatchSize) return { type: 'Session', ids }
  throw createBadInputError(`The request has ${ids.length} ids. Use at most ${maxBatchSize}.`, 'ids')
}

/** Groups session ids by the profile that they are in. Throws NOT_FOUND. */
async function groupByProfile(ids: readonly string[], { profiles }: Context): Promise<Map<RequestProfile, string[]>> {
  const idsWithProfile = await Promise.all(
    [...new Set(ids)].map(async (id) => ({ id, profile: await profiles.requireProfileOfSession(id) })),
  )
  profiles.clearCaches()
  const groups = Map.groupBy(idsWithProfile, ({ profile }) => profile)
  return new Map([...groups].map(([profile, members]) => [profile, members.map(({ id }) => id)]))
}

function toSessionPatch({
  title,
  model,
  pinned,
  archived,
  instructions,
  effort,
}: typeof UpdateSessionInput.$inferInput): UpdateSessionRequest {
  return {
    ...(typeof title === 'string' && { title: title || null }),
    ...(typeof model === 'string' && { model: model || null }),
    ...(typeof instructions === 'string' && { instructions: parseInstructions(instructions) }),
    ...(typeof effort === 'string' && { effort: effort || null }),
    ...(typeof pinned === 'boolean' && { pinned }),
    ...(typeof archived === 'boolean' && { archived }),
  }
}

function requireUpdated(session: SessionRecord | undefined): SessionRecord {
  if (!session) throw new Error('A session disappeared while it was updated.')
  return session
}
