import { type LiveChat, useChat } from 'segue-client/react'
import { useEffect, useState } from 'react'
import { useCurrentProfile } from '../../../../profiles/current-profile.ts'
import type { Draft } from '../../draft/draft.ts'

/** The name of the profile of a chat. Files of its draft are uploaded there. */
export function useChatProfile(chat: LiveChat, draft: Draft): string {
  const { profile, isNew } = useChat(chat, (state) => ({ profile: state.profile, isNew: state.sessionId === null }))
  const chosen = useCurrentProfile()
  const [last, setLast] = useState(chosen)
  // While another try is read, the profile is not known. It is the same.
  const current = profile ?? (isNew ? chosen : last)
  if (current !== last) setLast(current)
  const isKnown = profile !== null || isNew
  useEffect(() => {
    if (isKnown) draft.setProfile(current)
  }, [draft, current, isKnown])
  return current
}
