import { parseProfileName } from '../../profiles/profile-name.ts'
import { profileArgs } from '../arguments.ts'
import { isFingerprintOf } from '../idempotency/mutation-fingerprint.ts'
import { schemaBuilder } from '../schema-builder.ts'
import type { Context } from '../context.ts'
import { ProfileObjectType, SessionObjectType } from '../object-refs.ts'
import { sessionCursor } from '../relay/cursors.ts'
import { type ConnectionArguments, resolveKeysetConnection } from '../relay/keyset-connection.ts'
import { type SessionFilterInputShape, SessionFilterInput, toSessionFilter } from './session-filter.ts'

const SessionEdge = schemaBuilder.edgeObject({
  name: 'SessionEdge',
  description: 'A session and its cursor.',
  type: SessionObjectType,
})
const SessionConnection = schemaBuilder.connectionObject(
  { name: 'SessionConnection', description: 'A page of sessions.', type: SessionObjectType },
  SessionEdge,
)

schemaBuilder.queryFields((t) => ({
  session: t.field({
    type: SessionObjectType,
    nullable: true,
    description: 'The session with this id, in any profile. Null if there is none.',
    args: { id: t.arg.id({ required: true, description: 'The id of a Segue or a Hermes session.' }) },
    resolve: (_, { id }, { profiles }) => profiles.find('Session', id),
  }),
  sessionByKey: t.field({
    type: SessionObjectType,
    nullable: true,
    description: 'The session that `createSession` was given this key for. Null if there is none.',
    args: {
      key: t.arg.string({ required: true, description: 'The key, see `Session.key`.' }),
      ...profileArgs,
    },
    resolve: async (_, { key, profile: name }, { profiles }) => {
      const profile = await profiles.findProfile(parseProfileName(name, 'profile'))
      const call = (await profile?.profile.idempotencyKeys.find(key)) ?? null
      if (!profile || !call || call.createdId === null || !isFingerprintOf('createSession', call.fingerprint))
        return null
      return profile.sessionLoader.load(call.createdId)
    },
  }),
  sessions: t.connection(
    {
      type: SessionObjectType,
      description:
        'All sessions of a profile, most recent activity first. Empty and archived sessions are included. For a list to show to users, see `conversations`.',
      args: { filter: t.arg({ type: SessionFilterInput, description: 'Selects sessions. Default: all.' }) },
      resolve: (_, { filter, ...args }, context) => loadSessionPage(args, filter ?? {}, context),
    },
    SessionConnection,
    SessionEdge,
  ),
}))

schemaBuilder.objectField(ProfileObjectType, 'sessions', (t) =>
  t.connection(
    {
      type: SessionObjectType,
      description: 'All sessions of the profile, most recent activity first.',
      resolve: ({ name }, args, context) => loadSessionPage(args, { profile: name }, context),
    },
    SessionConnection,
    SessionEdge,
  ),
)

async function loadSessionPage(args: ConnectionArguments, input: SessionFilterInputShape, { profiles }: Context) {
  const { profile, filter } = toSessionFilter(input)
  const requestProfile = await profiles.findProfile(profile)
  return resolveKeysetConnection(args, {
    // A profile that does not exist reads as an empty one.
    loadPage: async (page) => {
      if (!requestProfile) return []
      const sessions = await requestProfile.sessions.listPage(page, filter)
      requestProfile.sessionLoader.prime(sessions)
      return sessions
    },
    toKey: ({ lastActivityAt, id }) => ({ lastActivityAt, id }),
    cursor: sessionCursor,
  })
}
