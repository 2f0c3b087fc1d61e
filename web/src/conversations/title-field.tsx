import type { Conversation } from 'segue-client'
import { type KeyboardEvent, useRef, useState } from 'react'
import { strings } from '../strings/strings.ts'
import styles from './title-field.module.css'
import { useConversationActions } from './use-conversation-actions.ts'

interface TitleFieldProps {
  readonly conversation: Pick<Conversation, 'id' | 'title'>
  /** It was renamed, or left as it is. */
  readonly onDone: () => void
}

const maxLength = 200 // characters, the server's limit

/** Renames a conversation in place: Enter and leaving it save, Escape does not. What is refused can be changed and tried again. */
export function TitleField({ conversation: { id, title }, onDone }: TitleFieldProps) {
  const { rename } = useConversationActions()
  const [text, setText] = useState(title ?? '')
  // Whoever presses Enter leaves the field, too.
  const isDone = useRef(false)
  const save = async (): Promise<void> => {
    if (isDone.current) return
    isDone.current = true
    if (text.trim() === (title ?? '') || (await rename(id, text))) onDone()
    else isDone.current = false
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    // A key that ends the composition of a character is no key of the field.
    if (event.nativeEvent.isComposing) return
    if (event.key === 'Enter') void save()
    if (event.key === 'Escape') {
      isDone.current = true
      onDone()
    }
    event.stopPropagation()
  }
  return (
    <input
      className={styles.field}
      aria-label={strings.conversation.title}
      value={text}
      maxLength={maxLength}
      autoFocus
      onFocus={({ currentTarget }) => currentTarget.select()}
      onChange={({ currentTarget }) => setText(currentTarget.value)}
      onKeyDown={onKeyDown}
      onBlur={() => void save()}
    />
  )
}
