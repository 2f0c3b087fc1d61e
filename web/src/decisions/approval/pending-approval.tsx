import { ErrorText } from '../../components/error-text.tsx'
import type { Approval } from 'segue-client'
import { type RefObject, useState } from 'react'
import { ArgumentList } from '../arguments/argument-list.tsx'
import { ArgumentsEditor } from '../arguments/arguments-editor.tsx'
import { FoldedText } from '../arguments/folded-text.tsx'
import styles from '../card/decision-card.module.css'
import { useKeptFocus } from '../card/use-kept-focus.ts'
import { useShortcuts } from '../shortcuts/use-shortcuts.ts'
import { ApprovalActions } from './approval-actions.tsx'
import { ApprovalNote } from './approval-note.tsx'
import { GrantPanel } from './grant-panel.tsx'
import { type PendingApprovalState, usePendingApproval } from './use-approval.ts'

interface PendingApprovalProps {
  readonly card: RefObject<HTMLDivElement | null>
  readonly approval: Approval
}

/** What the tool is going to do, and the answers to it. */
export function PendingApproval({ card, approval }: PendingApprovalProps) {
  const state = usePendingApproval(approval, card)
  const [isNoteOpen, setNoteOpen] = useState(false)
  const openNote = (): void => setNoteOpen(true)
  const { can, send, setGrant, grant, edit, startEdit } = state
  useKeptFocus(card)
  // None of them is Enter, so that nothing runs because somebody sent a message.
  const shortcuts = {
    a: can('ONCE') ? () => send('ONCE') : undefined,
    s: can('SESSION') ? () => setGrant('SESSION') : undefined,
    l: can('ALWAYS') ? () => setGrant('ALWAYS') : undefined,
    d: can('DENY') ? () => send('DENY') : undefined,
    e: edit.mode === 'none' ? startEdit : undefined,
    n: openNote,
  }
  useShortcuts(card, shortcuts, grant === null)
  return (
    <>
      <ToolDescription state={state} />
      <ApprovalArguments state={state} />
      <ApprovalNote state={state} isOpened={isNoteOpen} />
      <ErrorText className={styles.error}>{state.error}</ErrorText>
      {grant === null ? (
        <ApprovalActions state={state} onNote={isNoteOpen ? null : openNote} />
      ) : (
        <GrantPanel state={state} decision={grant} />
      )}
    </>
  )
}

/** What the server says of the call, unless that is nothing but its arguments, which are shown anyway. */
function ToolDescription({ state: { approval, original } }: { readonly state: PendingApprovalState }) {
  const { description, toolCall } = approval
  const isCallAlone = original !== null && description.startsWith(`Run ${toolCall.name} with `)
  return isCallAlone ? null : <p className={styles.meaning}>{description}</p>
}

function ApprovalArguments({ state }: { readonly state: PendingApprovalState }) {
  const { approval, edit, original, current, change } = state
  if (edit.mode !== 'none') {
    return <ArgumentsEditor edit={edit} original={original} current={current} onChange={change} />
  }
  return original ? <ArgumentList values={original} /> : <FoldedText text={approval.toolCall.argumentsText} />
}
