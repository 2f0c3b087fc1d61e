import { type LiveChat, type LiveChatMessage, getMessageText } from 'segue-client/react'
import type { KeyboardEvent } from 'react'
import { Button } from '../../components/buttons/button.tsx'
import { strings } from '../../strings/strings.ts'
import { AddFiles } from '../composer/files/add-files.tsx'
import { DraftFiles } from '../composer/files/draft-files.tsx'
import { useMessageLimits } from '../composer/files/file-limits.ts'
import { focusComposer } from '../../shortcuts/focus-composer.ts'
import { editMessage } from './edited-message.ts'
import { useMessageEdit } from './use-message-edit.ts'
import styles from './message-editor.module.css'

interface MessageEditorProps {
  readonly chat: LiveChat
  readonly message: LiveChatMessage
}

/**
 * Changes a message of the user in its place, and answers it again. The try before stays. What is written is kept until it is
 * sent, also when the editor is closed.
 */
export function MessageEditor({ chat, message }: MessageEditorProps) {
  const limits = useMessageLimits()
  const { draft, text, problem, send } = useMessageEdit(chat, message, limits?.textLength ?? Infinity)
  const close = (): void => {
    editMessage(null)
    focusComposer()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') close()
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    event.preventDefault()
    void send(close)
  }
  return (
    <form
      className={styles.editor}
      onSubmit={(event) => {
        event.preventDefault()
        void send(close)
      }}
    >
      <DraftFiles draft={draft} />
      <textarea
        className={styles.text}
        aria-label={strings.actions.editLabel}
        value={text}
        autoFocus
        rows={2}
        onChange={(event) => draft.setText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      {problem && <p className={styles.problem}>{problem}</p>}
      <div className={styles.buttons}>
        <AddFiles onFiles={(files) => draft.addFiles(files, limits)} />
        <span className={styles.space} />
        {text !== getMessageText(message) && (
          <Button kind="quiet" onClick={() => draft.setText(getMessageText(message))}>
            {strings.actions.resetEdit}
          </Button>
        )}
        <Button kind="quiet" onClick={close}>
          {strings.actions.closeEdit}
        </Button>
        <Button kind="primary" type="submit" disabled={problem !== null}>
          {strings.actions.sendEdit}
        </Button>
      </div>
    </form>
  )
}
