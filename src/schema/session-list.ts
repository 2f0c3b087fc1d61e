import { badInput } from '../errors.ts'
import { profileName } from '../profiles/profile-name.ts'
import type { Origin } from '../storage/records.ts'
import type { SessionFilter } from '../storage/session-source.ts'
import { builder } from './builder.ts'
import { connection, type ConnectionArguments, sessionCursor } from './connection.ts'
import type { Context } from './context.ts'
import { ChannelEnum, OriginEnum } from './enums.ts'
import { ProfileType, SessionType } from './refs.ts'

const mostIds = 1000

export const SessionFilterInput = builder.inputType('SessionFilter', {
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

/** A filter as the domain has it. Throws BAD_USER_INPUT. */
export function wantedBy(filter: Filter): {
  readonly profile: string
  readonly filter: SessionFilter & { readonly origin?: Origin }
} {
  const profile = profileName(filter.profile, 'filter', 'profile')
  const { channels, origin, archived, pinned, ids } = filter
  if (ids && ids.length > mostIds) throw badInput(`At most ${mostIds} ids at once.`, 'filter', 'ids')
  const wanted = {
    ...(channels && { channels }),
    ...(origin && { origin }),
    ...(typeof archived === 'boolean' && { archived }),
    ...(typeof pinned === 'boolean' && { pinned }),
    ...(ids && { ids }),
  }
  return { profile, filter: wanted }
}

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

function sessionPage(args: ConnectionArguments, given: Filter, { domain }: Context) {
  const { profile, filter } = wantedBy(given)
  return connection(args, {
    // A valid name of which nothing exists reads as an empty profile.
    fetch: async (page) => (profile === domain.profile.name ? domain.sessions.page(page, filter) : []),
    keyOf: ({ lastActivityAt, id }) => ({ lastActivityAt, id }),
    cursor: sessionCursor,
  })
}
