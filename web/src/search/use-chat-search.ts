import type { SegueClient } from 'segue-client'
import { useSegueClient } from 'segue-client/react'
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import { toConversationFilter, useChatFilter } from '../conversations/chat-filter.ts'
import { deletedConversations } from '../conversations/pending-deletions.ts'
import {
  SearchChatsDocument,
  type SearchChatsQuery,
  type SearchChatsQueryVariables,
} from '../graphql/generated/graphql.ts'
import { useCurrentProfile } from '../profiles/current-profile.ts'

type Page = NonNullable<SearchChatsQuery['search']>
export type SearchHit = Page['edges'][number]['node']

export interface ChatSearch {
  /** Best first. Those of the search before stay until the first page is there. */
  readonly hits: readonly SearchHit[]
  /** The text that `hits` were found for. Null until there are any. */
  readonly query: string | null
  readonly hasMore: boolean
  readonly error: string | null
  readonly loadMore: () => Promise<void>
}

interface FoundPages extends Pick<ChatSearch, 'hits' | 'query' | 'error'> {
  readonly after: string | null
}

const typingMs = 150
const nothingFound: FoundPages = { hits: [], query: null, error: null, after: null }

/** Searches the chats that the filter of the sidebar shows, and the archived ones. It waits for a pause in the typing. */
export function useChatSearch(query: string): ChatSearch {
  const client = useSegueClient()
  const profile = useCurrentProfile()
  const chosen = useChatFilter()
  const deleted = useSyncExternalStore(deletedConversations.subscribe, deletedConversations.getSnapshot)
  const variables = useMemo(() => {
    const filter = toConversationFilter(profile, chosen)
    const channels = filter.channels && [...filter.channels]
    return { query, filter: { profile, origin: chosen.origin, channels, ...(chosen.isArchive && { archived: true }) } }
  }, [query, profile, chosen])
  const [found, setFound] = useState(nothingFound)
  const leaving = useRef(new AbortController())
  useEffect(() => {
    const leave = new AbortController()
    leaving.current = leave
    const search = (): void =>
      void readPage(client, variables, nothingFound, leave.signal).then((read) => read && setFound(read))
    const timer = setTimeout(search, typingMs)
    return () => {
      clearTimeout(timer)
      leave.abort()
    }
  }, [client, variables])
  const loadMore = useCallback(async () => {
    const read = await readPage(client, variables, found, leaving.current.signal)
    if (read) setFound(read)
  }, [client, variables, found])
  const hits = useMemo(
    () => found.hits.filter(({ session }) => !deleted.has(session.conversation.id)),
    [found, deleted],
  )
  return {
    hits,
    query: found.query,
    hasMore: found.after !== null && found.query === query,
    error: found.error,
    loadMore,
  }
}

/** The pages with the next one. Null if the search was left. */
async function readPage(
  client: SegueClient,
  variables: SearchChatsQueryVariables,
  { hits, after }: FoundPages,
  signal: AbortSignal,
): Promise<FoundPages | null> {
  const { query } = variables
  try {
    const { search } = await client.request(SearchChatsDocument, { ...variables, after }, { signal })
    const { hasNextPage = false, endCursor = null } = search?.pageInfo ?? {}
    const read = search?.edges.map(({ node }) => node) ?? []
    return { hits: [...hits, ...read], query, error: null, after: hasNextPage ? endCursor : null }
  } catch (error) {
    if (signal.aborted) return null
    return { hits, query, error: error instanceof Error ? error.message : String(error), after: null }
  }
}
