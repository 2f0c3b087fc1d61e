import { builder } from '../builder.ts'
import { resolveKeysetConnection, type ConnectionArguments, sessionCursor } from '../relay/keyset-connection.ts'
import type { Context } from '../context.ts'
import { ProfileType, SessionType } from '../object-refs.ts'
import { type SessionFilterInputShape, SessionFilterInput, toSessionFilter } from './session-filter.ts'

const SessionEdge = builder.edgeObject({
  name: 'SessionEdge',
  description: 'A session and where it stands in the list.',
  type: SessionType,
})
const SessionConnection = builder.connectionObject(
  { name: 'SessionConnection', description: 'A page of sessions.', type: SessionType },
  SessionEdge,
)

builder.queryField('sessions', (t) =>
  t.connection(
    {
      type: SessionType,
      description: 'All sessions of both origins, newest activity first: empty and archived ones too.',
      args: { filter: t.arg({ type: SessionFilterInput, description: 'Which sessions.' }) },
      resolve: (_, { filter, ...args }, context) => loadSessionPage(args, filter ?? {}, context),
    },
    SessionConnection,
    SessionEdge,
  ),
)

builder.objectField(ProfileType, 'sessions', (t) =>
  t.connection(
    {
      type: SessionType,
      description: 'All sessions of the profile, newest activity first.',
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
    // A valid name of which nothing exists reads as an empty profile.
    loadPage: async (page) => requestProfile?.sessions.listPage(page, filter) ?? [],
    toKey: ({ lastActivityAt, id }) => ({ lastActivityAt, id }),
    cursor: sessionCursor,
  })
}
