import { ChevronLeft, ChevronRight } from 'lucide-react'
import { listMessageTries, type LiveChat, type LiveChatMessage } from 'segue-client/react'
import { useEffect, useRef } from 'react'
import { IconButton } from '../../components/buttons/icon-button.tsx'
import { strings } from '../../strings/strings.ts'
import { findPrompt } from './find-prompt.ts'
import styles from './message-actions.module.css'

/** The try that was opened last, and the button that has the focus there again. */
let opened: { readonly sessionId: string; readonly step: -1 | 1 } | null = null

interface BranchPickerProps {
  readonly chat: LiveChat
  readonly message: LiveChatMessage
}

/** Goes through the tries of a message: 2 of 3. Nothing where there is one. */
export function BranchPicker({ chat, message }: BranchPickerProps) {
  // A message is another object when the tries of its turn change, so that the messages before it need not be watched.
  const tries = listMessageTries(message, findPrompt(chat.getSnapshot().messages, message))
  const index = tries.findIndex(({ isShown }) => isShown)
  const buttons = useRef<HTMLSpanElement>(null)
  const sessionId = tries[index]?.alternative.sessionId
  useEffect(() => {
    if (tries.length < 2 || opened === null || opened.sessionId !== sessionId) return
    const [previous, next] = buttons.current?.querySelectorAll('button') ?? []
    const wanted = opened.step < 0 ? previous : next
    const other = opened.step < 0 ? next : previous
    opened = null
    if (wanted?.disabled) other?.focus()
    else wanted?.focus()
  }, [tries.length, sessionId])
  if (tries.length < 2) return null
  const go = (step: -1 | 1): void => {
    const target = tries[index + step]
    if (!target) return
    opened = { sessionId: target.alternative.sessionId, step }
    chat.open(target.alternative.sessionId)
  }
  return (
    <span className={styles.branches} role="group" aria-label={strings.actions.tries} ref={buttons}>
      <IconButton label={strings.actions.previousTry} disabled={index <= 0} onClick={() => go(-1)}>
        <ChevronLeft />
      </IconButton>
      <span className={styles.place}>{strings.actions.tryOf(index + 1, tries.length)}</span>
      <IconButton label={strings.actions.nextTry} disabled={index >= tries.length - 1} onClick={() => go(1)}>
        <ChevronRight />
      </IconButton>
    </span>
  )
}
