import { SegueError } from 'segue-client'
import { type LiveChat, useChat, useLiveChat } from 'segue-client/react'
import { lazy, Suspense, useEffect, useMemo } from 'react'
import { navigate } from 'wouter/use-browser-location'
import { toChatPath } from '../routing/routes.ts'
import { useReadMark } from '../conversations/use-read-mark.ts'
import { useCurrentProfile } from '../profiles/current-profile.ts'
import { strings } from '../strings/strings.ts'
import { ChatHeader } from './chat-header/chat-header.tsx'
import styles from './chat-view.module.css'
import { MissingChat } from './missing-chat.tsx'
import { Composer } from './composer/composer.tsx'
import { findModel, useModels } from './composer/settings/models/use-models.ts'
import { loadTranscript, useTranscript } from './load-transcript.ts'
import { loadPatiently } from '../components/errors/load-patiently.ts'

const FirstRun = lazy(loadPatiently(() => import('./first-run/first-run.tsx')))

/** A chat, or a new one. The path follows the chat into the session that continues it. */
export function ChatView({ sessionId }: { readonly sessionId: string | null }) {
  const profile = useCurrentProfile()
  const isNew = sessionId === null
  const chat = useLiveChat(
    sessionId,
    useMemo(() => (isNew ? { profile } : {}), [profile, isNew]),
  )
  useReadMark(chat)
  const {
    sessionId: shownId,
    isEmpty,
    isMissing,
    isSending,
  } = useChat(chat, (state) => ({
    isMissing:
      state.messages.length === 0 && state.error instanceof SegueError && state.error.code === 'NOT_FOUND' && !isNew,
    sessionId: state.sessionId,
    isEmpty: state.messages.length === 0 && state.sessionId === null,
    isSending: state.isSending,
  }))
  // While the messages are read. A new chat shows none before something is written.
  const Transcript = useTranscript(!isNew || !isEmpty)
  useEffect(() => {
    if (shownId !== null && shownId !== sessionId) {
      // A message that the address names is one of the conversation.
      navigate(toChatPath(shownId) + location.hash, { replace: sessionId !== null })
    }
  }, [shownId, sessionId])
  if (isMissing) return <MissingChat />
  // With its first message on the way, the view is that of a chat already: what is there moves once.
  const isWelcome = isEmpty && !isSending
  return (
    <div className={styles.view} data-new={isWelcome || undefined} onInput={isEmpty ? loadTranscript : undefined}>
      {!isEmpty && <ChatHeader chat={chat} />}
      {isWelcome && <h1 className={styles.welcome}>{strings.chat.newChatTitle}</h1>}
      {!isEmpty && Transcript && <Transcript chat={chat} />}
      {!isWelcome && (isEmpty || !Transcript) && <div className={styles.loading} />}
      <Composer chat={chat} />
      {isWelcome && <FirstRunOfProfile chat={chat} profile={profile} />}
    </div>
  )
}

/** Whoever has a model needs none of it. */
function FirstRunOfProfile({ chat, profile }: { readonly chat: LiveChat; readonly profile: string }) {
  const { models } = useModels(profile)
  if (findModel(models, null)?.provider !== 'offline') return null
  return (
    <Suspense>
      <FirstRun chat={chat} />
    </Suspense>
  )
}
