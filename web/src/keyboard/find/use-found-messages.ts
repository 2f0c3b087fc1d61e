import type { SegueClient } from 'segue-client'
import { useSegueClient } from 'segue-client/react'
import { useEffect, useState } from 'react'
import { useOpenConversation } from '../../conversations/use-open-conversation.ts'
import {
  FindInChatDocument,
  type FindInChatQuery,
  type FindInChatQueryVariables,
  type SessionFilter,
  SessionsOfChatDocument,
} from '../../graphql/generated/graphql.ts'
import { useCurrentProfile } from '../../profiles/current-profile.ts'

/** A message of the open chat that has all words of a search. */
export interface FoundMessage {
  readonly id: string
  readonly sessionId: string
  readonly isUser: boolean
  readonly at: string
  /** The text around the match. */
  readonly snippet: string
}

interface FoundMessages {
  /** Oldest first. Those of the search before stay until the next ones are there. */
  readonly messages: readonly FoundMessage[]
  /** What they were found for. Empty: nothing was searched for yet. */
  readonly query: string
}

const debounceMs = 150
const maxMessages = 50
const nothingFound: FoundMessages = { messages: [], query: '' }

/** Searches the open chat, also those of its messages that are not loaded. */
export function useFoundMessages(query: string): FoundMessages {
  const client = useSegueClient()
  const profile = useCurrentProfile()
  const sessionIds = useSessionIds()
  const [found, setFound] = useState(nothingFound)
  useEffect(() => {
    if (query === '') return setFound(nothingFound)
    if (!sessionIds) return
    const leave = new AbortController()
    const find = async (): Promise<void> => {
      const messages = await findMessages(client, query, { profile, ids: [...sessionIds] }, leave.signal)
      setFound({ messages, query })
    }
    // What cannot be searched for leaves what was found before.
    const timer = setTimeout(() => void find().catch(() => {}), debounceMs)
    return () => {
      clearTimeout(timer)
      leave.abort()
    }
  }, [client, profile, query, sessionIds])
  return found
}

/** The messages of some sessions that match, oldest first. A page may have few: the server searches for a limited time. */
async function findMessages(
  client: SegueClient,
  query: string,
  filter: SessionFilter,
  signal: AbortSignal,
): Promise<readonly FoundMessage[]> {
  const messages: FoundMessage[] = []
  let after: string | null = null
  do {
    const variables: FindInChatQueryVariables = { query, filter, after }
    const { search }: FindInChatQuery = await client.request(FindInChatDocument, variables, { signal })
    for (const { node } of search?.edges ?? []) {
      const { snippet, message, session } = node
      if (!message) continue
      const { id, role, createdAt: at } = message
      messages.push({ id, sessionId: session.id, isUser: role === 'USER', at, snippet })
    }
    after = search?.pageInfo.hasNextPage ? (search.pageInfo.endCursor ?? null) : null
  } while (after !== null && messages.length < maxMessages)
  return messages.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))
}

/** The sessions of the open chat. Null until they are known. */
function useSessionIds(): readonly string[] | null {
  const client = useSegueClient()
  const conversationId = useOpenConversation()?.id ?? null
  const [ids, setIds] = useState<readonly string[] | null>(null)
  useEffect(() => {
    if (conversationId === null) return
    const leave = new AbortController()
    client.request(SessionsOfChatDocument, { id: conversationId }, { signal: leave.signal }).then(
      ({ conversation }) => setIds(conversation?.segments.map(({ id }) => id) ?? []),
      // Without a connection, nothing is found.
      () => {},
    )
    return () => leave.abort()
  }, [client, conversationId])
  return ids
}
