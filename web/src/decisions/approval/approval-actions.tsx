import { Button } from '../../components/buttons/button.tsx'
import { strings } from '../../strings/strings.ts'
import styles from '../card/decision-card.module.css'
import { ShortcutKey } from '../shortcuts/shortcut-key.tsx'
import type { PendingApprovalState } from './use-approval.ts'

interface ApprovalActionsProps {
  readonly state: PendingApprovalState
  /** Null while the note is open. */
  readonly onNote: (() => void) | null
}

/** The decisions that the approval accepts. Those that allow later calls ask for details first. */
export function ApprovalActions({ state, onNote }: ApprovalActionsProps) {
  const { approval, can, send, setGrant, edit, startEdit, isEdited, draft, isSending } = state
  const { choices } = approval
  const texts = strings.decisions
  return (
    <>
      <div className={styles.actions}>
        {choices.includes('ONCE') && (
          <Button kind="primary" disabled={!can('ONCE')} aria-keyshortcuts="A" onClick={() => send('ONCE')}>
            {texts.once} <ShortcutKey>A</ShortcutKey>
          </Button>
        )}
        {choices.includes('SESSION') && (
          <Button disabled={!can('SESSION')} aria-keyshortcuts="S" onClick={() => setGrant('SESSION')}>
            {texts.session} <ShortcutKey>S</ShortcutKey>
          </Button>
        )}
        {choices.includes('ALWAYS') && (
          <Button disabled={!can('ALWAYS')} aria-keyshortcuts="L" onClick={() => setGrant('ALWAYS')}>
            {texts.always} <ShortcutKey>L</ShortcutKey>
          </Button>
        )}
        {choices.includes('DENY') && (
          <Button kind="danger" disabled={!can('DENY')} aria-keyshortcuts="D" onClick={() => send('DENY')}>
            {texts.deny} <ShortcutKey>D</ShortcutKey>
          </Button>
        )}
      </div>
      <div className={styles.footer}>
        <p className={styles.meaning}>{isEdited ? texts.meaningEdited : texts.meaningOnce}</p>
        <div className={styles.changes}>
          {edit.mode === 'none' && (
            <Button kind="quiet" disabled={isSending} aria-keyshortcuts="E" onClick={startEdit}>
              {texts.edit} <ShortcutKey>E</ShortcutKey>
            </Button>
          )}
          {onNote && draft['note'] === undefined && (
            <Button kind="quiet" disabled={isSending} aria-keyshortcuts="N" onClick={onNote}>
              {texts.addNote} <ShortcutKey>N</ShortcutKey>
            </Button>
          )}
        </div>
      </div>
    </>
  )
}
