import type { Conversation, ConversationFilter } from 'segue-client'
import { useConversations } from 'segue-client/react'
import { useMemo } from 'react'
import { useChatRoute } from '../routing/routes.ts'
import { useCurrentProfile } from '../profiles/current-profile.ts'

/** The list of the conversation of a session alone. */
export const toOpenFilter = (profile: string, sessionId: string): ConversationFilter => ({ profile, ids: [sessionId] })

/** The conversation that the page shows, whichever of its sessions the address names. Null for a new chat and other views. */
export function useOpenConversation(): Conversation | null {
  const sessionId = useChatRoute()?.sessionId ?? null
  const profile = useCurrentProfile()
  const filter = useMemo(() => (sessionId === null ? null : toOpenFilter(profile, sessionId)), [profile, sessionId])
  return useConversations(filter, ({ conversations }) => conversations[0] ?? null)
}
