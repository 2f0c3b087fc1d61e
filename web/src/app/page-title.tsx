import { useConversations } from 'segue-client/react'
import { useEffect, useMemo } from 'react'
import { needsPerson } from '../conversations/attention-filter.ts'
import { useOpenConversation } from '../conversations/use-open-conversation.ts'
import { useCurrentProfile } from '../profiles/current-profile.ts'
import { useShownViewTitle } from '../routing/view-title.ts'
import { strings } from '../strings/strings.ts'

/** Keeps the title of the page: how many chats need a person, and what is shown. */
export function PageTitle() {
  const profile = useCurrentProfile()
  const filter = useMemo(() => ({ profile, attention: needsPerson }), [profile])
  const count = useConversations(filter, ({ conversations, hasMore }) =>
    conversations.length === 0 ? '' : `(${conversations.length}${hasMore ? '+' : ''}) `,
  )
  const chatTitle = useOpenConversation()?.title ?? null
  const view = useShownViewTitle()
  const shown = view ?? chatTitle
  useEffect(() => {
    document.title = `${count}${shown === null ? '' : `${shown} – `}${strings.appName}`
  }, [count, shown])
  return null
}
