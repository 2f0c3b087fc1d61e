import { builder } from '../builder.ts'
import { connection, type ConnectionArguments, sessionCursor } from '../relay/keyset-connection.ts'
import type { Context } from '../context.ts'
import { ProfileType, SessionType } from '../object-refs.ts'
import { type GivenFilter, SessionFilterInput, wantedBy } from './session-filter.ts'

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
      resolve: (_, { filter, ...args }, context) => sessionPage(args, filter ?? {}, context),
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
      resolve: ({ name }, args, context) => sessionPage(args, { profile: name }, context),
    },
    SessionConnection,
    SessionEdge,
  ),
)

async function sessionPage(args: ConnectionArguments, given: GivenFilter, { scopes }: Context) {
  const { profile, filter } = wantedBy(given)
  const scope = await scopes.of(profile)
  return connection(args, {
    // A valid name of which nothing exists reads as an empty profile.
    fetch: async (page) => scope?.sessions.page(page, filter) ?? [],
    keyOf: ({ lastActivityAt, id }) => ({ lastActivityAt, id }),
    cursor: sessionCursor,
  })
}
