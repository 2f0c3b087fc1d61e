import { useConversations } from 'segue-client/react'
import { useEffect, useMemo, useSyncExternalStore } from 'react'
import { needsPerson } from '../conversations/attention-filter.ts'
import { useOpenConversation } from '../conversations/use-open-conversation.ts'
import { useCurrentProfile } from '../profiles/current-profile.ts'
import { strings } from '../strings/strings.ts'

const listeners = new Set<() => void>()
let viewTitle: string | null = null

function setViewTitle(title: string | null): void {
  viewTitle = title
  for (const listener of listeners) listener()
}

/** Names the view in the title of the page while it is shown. Chats need no call: they are named by their own titles. */
export function useViewTitle(title: string): void {
  useEffect(() => {
    setViewTitle(title)
    return () => setViewTitle(null)
  }, [title])
}

/** Keeps the title of the page: how many chats need a person, and what is shown. */
export function PageTitle() {
  const profile = useCurrentProfile()
  const filter = useMemo(() => ({ profile, attention: needsPerson }), [profile])
  const count = useConversations(filter, ({ conversations, hasMore }) =>
    conversations.length === 0 ? '' : `(${conversations.length}${hasMore ? '+' : ''}) `,
  )
  const chatTitle = useOpenConversation()?.title ?? null
  const view = useSyncExternalStore(subscribe, () => viewTitle)
  const shown = view ?? chatTitle
  useEffect(() => {
    document.title = `${count}${shown === null ? '' : `${shown} – `}${strings.appName}`
  }, [count, shown])
  return null
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}
