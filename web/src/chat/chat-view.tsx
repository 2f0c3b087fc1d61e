import { useChat, useLiveChat } from 'segue-client/react'
import { useEffect } from 'react'
import { navigate } from 'wouter/use-browser-location'
import { toChatPath } from '../app/routes.ts'
import { strings } from '../strings/strings.ts'
import styles from './chat-view.module.css'
import { Composer } from './composer/composer.tsx'
import { Transcript } from './transcript/transcript.tsx'

/** A chat, or a new one. The path follows the chat into the session that continues it. */
export function ChatView({ sessionId }: { readonly sessionId: string | null }) {
  const chat = useLiveChat(sessionId)
  const { sessionId: shownId, isEmpty } = useChat(chat, (state) => ({
    sessionId: state.sessionId,
    isEmpty: state.messages.length === 0 && state.sessionId === null,
  }))
  useEffect(() => {
    if (shownId !== null && shownId !== sessionId) navigate(toChatPath(shownId), { replace: sessionId !== null })
  }, [shownId, sessionId])
  return (
    <div className={styles.view} data-new={isEmpty || undefined}>
      {isEmpty ? <h1 className={styles.welcome}>{strings.chat.newChatTitle}</h1> : <Transcript chat={chat} />}
      <Composer chat={chat} />
    </div>
  )
}
