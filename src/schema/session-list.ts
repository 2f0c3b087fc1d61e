import { badInput } from '../errors.ts'
import { profileName } from '../profiles/profile-name.ts'
import type { SessionFilter } from '../storage/session-source.ts'
import { builder } from './builder.ts'
import { connection, type ConnectionArguments, sessionCursor } from './connection.ts'
import type { Context } from './context.ts'
import { ChannelEnum, OriginEnum } from './enums.ts'
import { ProfileType, SessionType } from './refs.ts'

const mostIds = 1000

const SessionFilterInput = builder.inputType('SessionFilter', {
  description: 'What is left out does not filter.',
  fields: (t) => ({
    profile: t.string({ description: 'Only this profile; default when it is left out.' }),
    channels: t.field({ type: [ChannelEnum], description: 'Only sessions that were held in one of these.' }),
    origin: t.field({ type: OriginEnum, description: 'Only sessions that are kept there.' }),
    archived: t.boolean({ description: 'Only those that were put away, or only those that were not.' }),
    pinned: t.boolean({ description: 'Only those that are kept at the top, or only those that are not.' }),
    ids: t.idList({ description: `Only these, at most ${mostIds}.` }),
  }),
})

type Filter = typeof SessionFilterInput.$inferInput

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

async function sessionPage(args: ConnectionArguments, filter: Filter, { scopes }: Context) {
  const profile = profileName(filter.profile, 'filter', 'profile')
  if (filter.ids && filter.ids.length > mostIds) throw badInput(`At most ${mostIds} ids at once.`, 'filter', 'ids')
  const { origin } = filter
  const wanted: SessionFilter = {
    ...(filter.channels && { channels: filter.channels }),
    ...(typeof filter.archived === 'boolean' && { archived: filter.archived }),
    ...(typeof filter.pinned === 'boolean' && { pinned: filter.pinned }),
    ...(filter.ids && { ids: filter.ids }),
  }
  const scope = await scopes.of(profile)
  return connection(args, {
    // A valid name of which nothing exists reads as an empty profile.
    fetch: async (page) => scope?.sessions.page(page, { ...wanted, ...(origin && { origin }) }) ?? [],
    keyOf: ({ lastActivityAt, id }) => ({ lastActivityAt, id }),
    cursor: sessionCursor,
  })
}
