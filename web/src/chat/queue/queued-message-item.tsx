import { GripVertical, Pencil, Undo2, Zap } from 'lucide-react'
import { getMessageText, type QueuedMessage, useSegueClient } from 'segue-client/react'
import { useState } from 'react'
import { IconButton } from '../../components/buttons/icon-button.tsx'
import { strings } from '../../strings/strings.ts'
import type { Draft } from '../composer/draft/draft.ts'
import { giveBackMessages } from '../composer/draft/message-draft.ts'
import { focusComposer } from '../../shortcuts/focus-composer.ts'
import { QueuedMessageEditor } from './queued-message-editor.tsx'
import type { DragHandleProps } from './use-queue-order.ts'
import { useAction } from '../../components/hooks/use-action.ts'
import { WaitingMessageText } from './waiting-message-text.tsx'
import styles from './waiting-messages.module.css'

interface QueuedMessageItemProps {
  readonly draft: Draft
  readonly queued: QueuedMessage
  readonly isDragged: boolean
  /** Null where there is nothing to change places with. */
  readonly handleProps: DragHandleProps | null
}

/** A message that waits for its turn: it can be moved, edited, taken back and sent now. */
export function QueuedMessageItem({ draft, queued, isDragged, handleProps }: QueuedMessageItemProps) {
  const { stream, message } = queued
  const client = useSegueClient()
  const [isEditing, setEditing] = useState(false)
  const { run, isRunning, error } = useAction()
  const takeBack = async (): Promise<void> => {
    const cancelled = await client.cancel(stream.id)
    // If its turn has begun meanwhile, it is no longer the person's alone.
    if (cancelled.message === null && cancelled.outcome === 'CANCELLED') giveBackMessages(draft, [message])
    focusComposer()
  }
  const sendNow = async (): Promise<void> => {
    await client.sendQueued(stream.id)
    focusComposer()
  }
  const stopEditing = (): void => {
    setEditing(false)
    focusComposer()
  }
  const { waiting } = strings.composer
  return (
    <li className={styles.item} data-dragged={isDragged || undefined}>
      {handleProps && (
        <IconButton className={styles.handle} label={waiting.move(shorten(getMessageText(message)))} {...handleProps}>
          <GripVertical />
        </IconButton>
      )}
      {isEditing ? (
        <QueuedMessageEditor
          draft={draft}
          text={getMessageText(message)}
          onSave={async (text) => {
            await client.updateQueued(stream.id, { text })
            stopEditing()
          }}
          onCancel={stopEditing}
        />
      ) : (
        <>
          <WaitingMessageText message={message} error={error} />
          <IconButton label={waiting.sendNow} disabled={isRunning} onClick={() => run(sendNow)}>
            <Zap />
          </IconButton>
          <IconButton label={waiting.edit} disabled={isRunning} onClick={() => setEditing(true)}>
            <Pencil />
          </IconButton>
          <IconButton label={waiting.withdraw} disabled={isRunning} onClick={() => run(takeBack)}>
            <Undo2 />
          </IconButton>
        </>
      )}
    </li>
  )
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}
