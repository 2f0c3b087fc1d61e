import { ErrorText } from '../../components/error-text.tsx'
import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import { Button } from '../../components/buttons/button.tsx'
import { strings } from '../../strings/strings.ts'
import type { Draft } from '../composer/draft/draft.ts'
import { useAction } from '../../components/hooks/use-action.ts'
import styles from './waiting-messages.module.css'

interface QueuedMessageEditorProps {
  /** Gets what was written if the turn of the message begins meanwhile. */
  readonly draft: Draft
  readonly text: string
  readonly onSave: (text: string) => Promise<void>
  readonly onCancel: () => void
}

/** Changes the text of a message that waits for its turn. */
export function QueuedMessageEditor({ draft, text, onSave, onCancel }: QueuedMessageEditorProps) {
  const [edited, setEdited] = useState(text)
  const { run, isRunning, error } = useAction()
  const unsaved = useUnsavedText(draft, text)
  const change = (value: string): void => {
    setEdited(value)
    unsaved.current = value
  }
  const leave = (action: () => void): void => {
    unsaved.current = text
    action()
  }
  const save = (): void =>
    run(async () => {
      await onSave(edited)
      unsaved.current = text
    })
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') leave(onCancel)
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    event.preventDefault()
    if (edited.trim() !== '') save()
  }
  return (
    <div className={styles.content}>
      <textarea
        className={styles.editor}
        aria-label={strings.composer.waiting.editLabel}
        value={edited}
        autoFocus
        rows={2}
        onChange={(event) => change(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <ErrorText className={styles.error}>{error}</ErrorText>
      <div className={styles.buttons}>
        <Button kind="quiet" onClick={() => leave(onCancel)}>
          {strings.composer.waiting.cancel}
        </Button>
        <Button kind="primary" disabled={isRunning || edited.trim() === ''} onClick={save}>
          {strings.composer.waiting.save}
        </Button>
      </div>
    </div>
  )
}

/** Gives a changed text to the draft when its editor goes, unless it was saved or dropped: then it is the text as it was. */
function useUnsavedText(draft: Draft, text: string) {
  const unsaved = useRef(text)
  const original = useRef(text)
  useEffect(
    () => () => {
      if (unsaved.current !== original.current) draft.giveBack(unsaved.current)
    },
    [draft],
  )
  return unsaved
}
