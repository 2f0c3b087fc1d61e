import { useConversations, useSegueClient } from 'segue-client/react'
import { useEffect, useMemo, useState } from 'react'
import { toChatPath, toMessagePath } from '../../routing/routes.ts'
import { toShownTitle } from '../../conversations/conversation-title.ts'
import { PaletteSearchDocument } from '../../graphql/generated/graphql.ts'
import { useCurrentProfile } from '../../profiles/current-profile.ts'

/** A chat, or a message in one, that the palette leads to. */
export interface FoundChat {
  readonly id: string
  readonly title: string
  /** The text around a match. Null: the title matches. */
  readonly snippet: string | null
  readonly path: string
}

const debounceMs = 150
const recentCount = 6

/** The newest chats, or those that match what is typed. */
export function useFoundChats(text: string): readonly FoundChat[] {
  const profile = useCurrentProfile()
  const recent = useConversations(
    useMemo(() => ({ profile, archived: false }), [profile]),
    ({ conversations }) => conversations.slice(0, recentCount),
  )
  const found = useSearch(text.trim(), profile)
  return useMemo(() => {
    if (text.trim() !== '') return found
    return recent.map((conversation) => {
      const { id, tip } = conversation
      return { id, title: toShownTitle(conversation), snippet: null, path: toChatPath(tip.id) }
    })
  }, [text, found, recent])
}

function useSearch(query: string, profile: string): readonly FoundChat[] {
  const client = useSegueClient()
  const [found, setFound] = useState<readonly FoundChat[]>([])
  useEffect(() => {
    if (query === '') return setFound([])
    const leave = new AbortController()
    const search = async (): Promise<void> => {
      const { search: hits } = await client.request(
        PaletteSearchDocument,
        { query, filter: { profile } },
        { signal: leave.signal },
      )
      setFound(
        (hits?.edges ?? []).map(({ node: { snippet, message, session } }) => ({
          id: message?.id ?? session.id,
          title: toShownTitle({ title: session.conversation.title ?? session.title }),
          snippet: message ? snippet : null,
          path: message ? toMessagePath(session.id, message.id) : toChatPath(session.id),
        })),
      )
    }
    // What cannot be searched for leaves what was found before.
    const timer = setTimeout(() => void search().catch(() => {}), debounceMs)
    return () => {
      clearTimeout(timer)
      leave.abort()
    }
  }, [client, query, profile])
  return found
}
