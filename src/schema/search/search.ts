import type { MessageRecord } from '../../model/message.ts'
import type { SessionRecord } from '../../model/session.ts'
import type { SearchHit, SearchHitSortKey } from '../../search/search-hit.ts'
import type { PageRequest } from '../../lib/pagination.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { searchCursor } from '../relay/cursors.ts'
import { type ConnectionArguments, type PagePosition, resolveKeysetConnection } from '../relay/keyset-connection.ts'
import type { Context } from '../context.ts'
import { MessageObjectType, SessionObjectType } from '../object-refs.ts'
import { SessionFilterInput, toSessionFilter } from '../session/session-filter.ts'

/** A hit and its session. */
interface SearchResult {
  readonly hit: SearchHit
  readonly session: SessionRecord
}

const SearchHitType = schemaBuilder.objectRef<SearchResult>('SearchHit').implement({
  description: 'A search result: a message, or a session whose title, or the title given to its conversation, matches.',
  fields: (t) => ({
    session: t.expose('session', {
      type: SessionObjectType,
      description:
        'The session whose title matches, or the session of the message. The tip, if the title is one that a user gave to the conversation.',
    }),
    message: t.field({
      type: MessageObjectType,
      nullable: true,
      description: 'The message that matches. Null if the title matches.',
      resolve: async ({ hit, session }, _, { profiles }): Promise<MessageRecord | null> =>
        hit.messageId === null
          ? null
          : (await profiles.requireProfile(session.profile)).chatLoader.loadMessage(hit.messageId),
    }),
    snippet: t.string({
      description:
        'The text around the match, or the title: plain text on one line, at most 200 characters. The match is not highlighted. `…` marks omitted text.',
      resolve: ({ hit }) => hit.snippet,
    }),
  }),
})

const SearchEdge = schemaBuilder.edgeObject({
  name: 'SearchEdge',
  description: 'A search result and its cursor.',
  type: SearchHitType,
})
const SearchConnection = schemaBuilder.connectionObject(
  { name: 'SearchConnection', description: 'A page of search results.', type: SearchHitType },
  SearchEdge,
)

schemaBuilder.queryField('search', (t) =>
  t.connection(
    {
      type: SearchHitType,
      nullable: true,
      description: [
        "Full-text search over session titles, the titles that users gave to conversations, and message text, in Segue's own sessions and in Hermes sessions. Reasoning, tool calls and streaming messages are not searched.",
        'Results are ranked: title matches, exact phrases, phrases with a prefix match on the last word, then messages that contain all words; newest first within each rank.',
        'A search is limited to two seconds. If it is cut short, `hasNextPage` is true and `endCursor` is where to resume. For Hermes, at most 5,000 hits are returned; without a usable index, only the newest 200,000 messages are scanned, for up to 0.5 seconds.',
      ].join('\n\n'),
      args: {
        query: t.arg.string({
          required: true,
          description: [
            'The text to search for. Results contain all its words in any order; words in `"quotes"` must appear in that order. The last word, if it is not quoted and has at least three letters, also matches words that start with it.',
            'Case and accents are ignored. Other characters only separate words. The first 1,000 characters and 32 words are used. A text without words finds nothing.',
          ].join('\n\n'),
        }),
        filter: t.arg({ type: SessionFilterInput, description: 'Selects the sessions to search. Default: all.' }),
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
  let lastScannedKey: SearchHitSortKey | null | undefined
  const loadPage = async (page: PageRequest<SearchHitSortKey>): Promise<SearchResult[]> => {
    // A profile that does not exist reads as an empty one.
    if (!requestProfile) return []
    const found = await requestProfile.profile.search.find({ ...page, query, filter }, signal)
    // Later calls only check whether there are hits before or after the page.
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
  if (lastScannedKey === null || lastScannedKey === undefined) return { edges, pageInfo }
  return { edges, pageInfo: toPartialPageInfo(pageInfo, lastScannedKey, typeof args.last === 'number') }
}

/** Tells the client where to resume a search that was cut short. */
function toPartialPageInfo(pageInfo: PagePosition, lastScannedKey: SearchHitSortKey, backwards: boolean) {
  const { hasNextPage, hasPreviousPage, startCursor, endCursor } = pageInfo
  const cursor = searchCursor.encode(lastScannedKey)
  return backwards
    ? { hasNextPage, hasPreviousPage: true, startCursor: cursor, endCursor }
    : { hasNextPage: true, hasPreviousPage, startCursor, endCursor: cursor }
}
