import { preloadChat, preloadConversations } from 'segue-client/react'
import { loadTranscript } from '../chat/load-transcript.ts'
import { toOpenFilter } from '../conversations/use-open-conversation.ts'
import { snapshotStorage } from '../graphql/snapshot-storage.ts'
import { whenPageShown } from '../graphql/page-shown.ts'
import { getCurrentProfile } from '../profiles/current-profile.ts'
import { findChatRoute } from '../routing/routes.ts'
import { listFirstFilters } from '../sidebar/list/use-chat-sections.ts'
import { segue } from './segue.ts'

/** Has the server read the first chats, and the one that the address names, while the page is rendered. */
export function preloadFirstView(): void {
  const sessionId = findChatRoute(location.pathname)?.sessionId ?? null
  const open = sessionId === null ? [] : [toOpenFilter(getCurrentProfile(), sessionId)]
  const stops = [...listFirstFilters(), ...open].map((filter) => preloadConversations(segue, filter, snapshotStorage))
  if (sessionId !== null) {
    loadTranscript()
    stops.push(preloadChat(segue, sessionId, snapshotStorage))
  }
  void whenPageShown.then(() => stops.forEach((stop) => stop()))
}
