import type { MessageRecord } from '../../model/message.ts'
import type { SessionRecord } from '../../model/session.ts'
import type { SearchHit, SearchKey } from '../../search/search-hit.ts'
import type { PageRequest } from '../../lib/pagination.ts'
import { builder } from '../builder.ts'
import { resolveKeysetConnection, type ConnectionArguments, searchCursor } from '../relay/keyset-connection.ts'
import type { Context } from '../context.ts'
import { MessageType, SessionType } from '../object-refs.ts'
import { SessionFilterInput, toSessionFilter } from '../session/session-filter.ts'

/** A hit, and its session, which was there when it was found. */
interface SearchResult {
  readonly hit: SearchHit
  readonly session: SessionRecord
}

const SearchHitType = builder.objectRef<SearchResult>('SearchHit').implement({
  description: 'Something that was found: a message, or a session by its title.',
  fields: (t) => ({
    session: t.expose('session', { type: SessionType, description: 'The session, or that of the message.' }),
    message: t.field({
      type: MessageType,
      nullable: true,
      description: 'The message. Null when it is the title that was hit.',
      resolve: async ({ hit, session }, _, { profiles: scopes }): Promise<MessageRecord | null> =>
        hit.messageId === null
          ? null
          : (await scopes.requireProfile(session.profile)).chatLoader.loadMessage(hit.messageId),
    }),
    snippet: t.string({
      description:
        'What is said around the words that were looked for, or the title: plain text in one line, nothing marked in it, with … where it was cut.',
      resolve: ({ hit }) => hit.snippet,
    }),
  }),
})

const SearchEdge = builder.edgeObject({
  name: 'SearchEdge',
  description: 'A hit and where it stands among all.',
  type: SearchHitType,
})
const SearchConnection = builder.connectionObject(
  { name: 'SearchConnection', description: 'A page of what was found.', type: SearchHitType },
  SearchEdge,
)

builder.queryField('search', (t) =>
  t.connection(
    {
      type: SearchHitType,
      description:
        'Looks for words in titles and in what people and agents said, of both origins. Titles come first, then messages that say exactly what was typed, then the same with the last word as the beginning of a longer one, then messages that hold all the words; within each the newest first. Reasoning, tool calls and the answer that is being made are not looked at. A search that takes longer than two seconds answers with what it has found: hasNextPage is true then, and endCursor says how far it came. Of Hermes at most the newest 5,000 hits count; where it has no index that can be used, at most its newest 200,000 messages are looked at, for half a second.',
      args: {
        query: t.arg.string({
          required: true,
          description:
            'Any text. All its words have to be there, in any order; words in "quotes" in that order. The last word, from three letters on and outside of quotes, may be the beginning of a longer one. Case and accents make no difference, and other signs only separate words, as in node.js. Of a long text the first 1,000 characters and 32 words count; one without a word finds nothing.',
        }),
        filter: t.arg({ type: SessionFilterInput, description: 'In which sessions.' }),
      },
      resolve: (_, { query, filter, ...args }, context) =>
        loadSearchPage(args, query, toSessionFilter(filter ?? {}), context),
    },
    SearchConnection,
    SearchEdge,
  ),
)

async function loadSearchPage(
  args: ConnectionArguments,
  query: string,
  { profile, filter }: ReturnType<typeof toSessionFilter>,
  { profiles, signal }: Context,
) {
  const requestProfile = await profiles.findProfile(profile)
  let lastScannedKey: SearchKey | null | undefined
  const loadPage = async (page: PageRequest<SearchKey>): Promise<SearchResult[]> => {
    // A valid name of which nothing exists reads as an empty profile.
    if (!requestProfile) return []
    const found = await requestProfile.profile.search.find({ ...page, query, filter }, signal)
    // Later calls only look whether anything lies around the page.
    if (lastScannedKey === undefined) lastScannedKey = found.searchedUpTo
    const sessions = await Promise.all(found.hits.map(({ sessionId }) => requestProfile.sessionLoader.load(sessionId)))
    return found.hits.flatMap((hit, index) => {
      const session = sessions[index]
      return session ? { hit, session } : []
    })
  }
  const { edges, pageInfo } = await resolveKeysetConnection(args, {
    loadPage,
    toKey: ({ hit }) => hit.key,
    cursor: searchCursor,
  })
  return {
    edges,
    pageInfo: { ...pageInfo, ...toPartialPageInfo(lastScannedKey ?? null, typeof args.last === 'number') },
  }
}

/** Where to go on with a search that took too long. */
function toPartialPageInfo(lastScannedKey: SearchKey | null, backwards: boolean) {
  if (lastScannedKey === null) return {}
  const cursor = searchCursor.encode(lastScannedKey)
  return backwards ? { hasPreviousPage: true, startCursor: cursor } : { hasNextPage: true, endCursor: cursor }
}
