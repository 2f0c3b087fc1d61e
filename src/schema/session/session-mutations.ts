import { badInput } from '../../lib/errors.ts'
import type { SessionUpdate } from '../../chat/session-management.ts'
import type { SessionRecord } from '../../model/session.ts'
import { builder } from '../builder.ts'
import type { Context } from '../context.ts'
import { SessionType } from '../object-refs.ts'
import type { RequestProfile } from '../request-profile.ts'
import { withModelPath } from '../with-model-path.ts'

const maxBatchSize = 1000

const UpdateSessionInput = builder.inputType('UpdateSessionInput', {
  description: 'What to change of a session. What is left out stays as it is.',
  fields: (t) => ({
    title: t.string({ description: 'What to call it: 1 to 200 characters, in one line. null takes its title away.' }),
    pinned: t.boolean({ description: 'Whether it is kept at the top.' }),
    archived: t.boolean({ description: 'Whether it is put away.' }),
    model: t.string({
      description:
        'The model that answers in it from now on, as <provider>/<name>. null: the default one of the moment.',
    }),
  }),
})

builder.mutationFields((t) => ({
  updateSession: t.field({
    type: SessionType,
    description: 'Changes what a person chooses of a session. SESSION_READ_ONLY for one of Hermes.',
    args: {
      id: t.arg.id({ required: true, description: 'The session.' }),
      input: t.arg({ type: UpdateSessionInput, required: true, description: 'What to change.' }),
    },
    resolve: async (_, { id, input }, context) =>
      requireFound((await updateSessions([id], toSessionPatch(input), context))[0]),
  }),
  updateSessions: t.field({
    type: [SessionType],
    description:
      'The same change for up to 1,000 sessions, none of them unless all can be changed. In the order of ids.',
    args: {
      ids: t.arg.idList({ required: true, description: 'The sessions.' }),
      input: t.arg({ type: UpdateSessionInput, required: true, description: 'What to change.' }),
    },
    resolve: (_, { ids, input }, context) => updateSessions(ids, toSessionPatch(input), context),
  }),
  deleteSession: t.id({
    description:
      'Deletes it and everything derived from it. SESSION_BUSY while a stream runs or waits in it. What continued it becomes a root; who follows it is completed.',
    args: { id: t.arg.id({ required: true, description: 'The session.' }) },
    resolve: async (_, { id }, context) => {
      await deleteSessions([id], context)
      return id
    },
  }),
  deleteSessions: t.idList({
    description: 'Deletes up to 1,000 sessions, none of them unless all can be deleted when it begins.',
    args: { ids: t.arg.idList({ required: true, description: 'The sessions.' }) },
    resolve: async (_, { ids }, context) => {
      await deleteSessions(ids, context)
      return ids
    },
  }),
}))

async function updateSessions(
  ids: readonly string[],
  patch: SessionUpdate,
  context: Context,
): Promise<SessionRecord[]> {
  const groups = await groupByProfile(ids, context)
  for (const [{ chats }, groupIds] of groups)
    await withModelPath(patch.model, () => chats.sessionManagement.assertCanUpdate(groupIds, patch))
  const sessionsById = new Map<string, SessionRecord>()
  for (const [{ chats }, groupIds] of groups) {
    for (const session of await chats.sessionManagement.update(groupIds, patch)) sessionsById.set(session.id, session)
  }
  return ids.map((id) => requireFound(sessionsById.get(id)))
}

async function deleteSessions(ids: readonly string[], context: Context): Promise<void> {
  const groups = await groupByProfile(ids, context)
  for (const [{ chats }, groupIds] of groups) await chats.sessionManagement.assertCanDelete(groupIds)
  for (const [{ chats }, groupIds] of groups) await chats.sessionManagement.delete(groupIds)
}

/** The sessions of each profile. Throws BAD_USER_INPUT for too many, and NOT_FOUND. */
async function groupByProfile(ids: readonly string[], { profiles }: Context): Promise<Map<RequestProfile, string[]>> {
  if (ids.length > maxBatchSize)
    throw badInput(`At most ${maxBatchSize} sessions at once; these were ${ids.length}.`, 'ids')
  const idsWithProfile = await Promise.all(
    [...new Set(ids)].map(async (id) => ({ id, scope: await profiles.requireProfileOfSession(id) })),
  )
  profiles.clearCaches()
  const groups = Map.groupBy(idsWithProfile, ({ scope }) => scope)
  return new Map([...groups].map(([scope, members]) => [scope, members.map(({ id }) => id)]))
}

function toSessionPatch({ title, model, pinned, archived }: typeof UpdateSessionInput.$inferInput): SessionUpdate {
  if (pinned === null) throw badInput('pinned is true or false.', 'input', 'pinned')
  if (archived === null) throw badInput('archived is true or false.', 'input', 'archived')
  return {
    ...(title !== undefined && { title }),
    ...(model !== undefined && { model }),
    ...(pinned !== undefined && { pinned }),
    ...(archived !== undefined && { archived }),
  }
}

function requireFound(session: SessionRecord | undefined): SessionRecord {
  if (!session) throw new Error('a session is gone that was just changed')
  return session
}
