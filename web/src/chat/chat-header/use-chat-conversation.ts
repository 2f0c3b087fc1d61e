import type { Conversation } from 'segue-client'
import { type LiveChat, useChat, useConversations } from 'segue-client/react'
import { useMemo } from 'react'
import { useCurrentProfile } from '../../profiles/current-profile.ts'

/** The row of the list that a chat is, live. Null for a new chat, and until it is read. */
export function useChatConversation(chat: LiveChat): Conversation | null {
  const current = useCurrentProfile()
  const { sessionId, profile } = useChat(chat, (state) => ({ sessionId: state.sessionId, profile: state.profile }))
  const filter = useMemo(
    () => (sessionId === null ? null : { profile: profile ?? current, ids: [sessionId] }),
    [profile, current, sessionId],
  )
  return useConversations(filter, ({ conversations }) => conversations[0] ?? null)
}
