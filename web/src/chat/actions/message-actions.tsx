import { ErrorText } from '../../components/error-text.tsx'
import { GitFork, Pencil, RefreshCw } from 'lucide-react'
import { type LiveChat, type LiveChatMessage, useSegueClient } from 'segue-client/react'
import type { ReactNode } from 'react'
import { navigate } from 'wouter/use-browser-location'
import { toChatPath } from '../../routing/routes.ts'
import { IconButton } from '../../components/buttons/icon-button.tsx'
import { useAction } from '../../components/hooks/use-action.ts'
import { ForkSessionDocument } from '../../graphql/generated/graphql.ts'
import { strings } from '../../strings/strings.ts'
import { focusComposer } from '../../shortcuts/focus-composer.ts'
import { AnswerFailure } from './answer-failure.tsx'
import { BranchPicker } from './branch-picker.tsx'
import { editMessage } from './edited-message.ts'
import styles from './message-actions.module.css'

interface MessageActionsProps {
  readonly chat: LiveChat
  readonly message: LiveChatMessage
  /** More buttons, such as one that copies the message. */
  readonly children?: ReactNode
}

/** What can be done with a message, and why its answer failed: above it in an answer, below it where there is none. */
export function MessageActions({ chat, message, children }: MessageActionsProps) {
  const client = useSegueClient()
  const { run, isRunning, error } = useAction()
  const { role, kind, status } = message
  const isDone = status !== 'STREAMING' && status !== 'WITHDRAWN'
  const fork = async (): Promise<void> => {
    const { forkSession } = await client.request(ForkSessionDocument, { messageId: message.id })
    if (!forkSession) return
    navigate(toChatPath(forkSession.id))
    focusComposer()
  }
  const retry = async (): Promise<void> => {
    focusComposer()
    await chat.regenerate(message.id)
  }
  if (kind === 'SUMMARY' || role === 'SYSTEM') return null
  const failure = <AnswerFailure chat={chat} message={message} />
  return (
    <>
      {role === 'USER' || failure}
      <div className={styles.actions} role="group" aria-label={strings.actions.label}>
        <BranchPicker chat={chat} message={message} />
        {isDone && role === 'USER' && (
          <IconButton label={strings.actions.edit} onClick={() => editMessage(message.id)}>
            <Pencil />
          </IconButton>
        )}
        {isDone && role === 'ASSISTANT' && (
          <IconButton label={strings.actions.retry} disabled={isRunning} onClick={() => run(retry)}>
            <RefreshCw />
          </IconButton>
        )}
        {isDone && (
          <IconButton label={strings.actions.fork} disabled={isRunning} onClick={() => run(fork)}>
            <GitFork />
          </IconButton>
        )}
        {children}
      </div>
      <ErrorText className={styles.error}>{error}</ErrorText>
      {role === 'USER' && failure}
    </>
  )
}
