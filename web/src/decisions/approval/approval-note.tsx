import { useId } from 'react'
import { strings } from '../../strings/strings.ts'
import { FieldFrame } from '../form/field-frame.tsx'
import fieldStyles from '../form/fields.module.css'
import type { PendingApprovalState } from './use-approval.ts'

interface ApprovalNoteProps {
  readonly state: PendingApprovalState
  readonly isOpen: boolean
}

/** A note that the model is told with the decision. */
export function ApprovalNote({ state: { draft, change }, isOpen }: ApprovalNoteProps) {
  const id = useId()
  const note = draft['note']
  if (!isOpen && note === undefined) return null
  return (
    <FieldFrame id={id} label={strings.decisions.note} error={null}>
      {(props) => (
        <textarea
          {...props}
          className={fieldStyles.control}
          rows={1}
          // Whoever has opened it wants to write; one that was kept over a reload takes no focus.
          ref={(element) => {
            if (element && note === undefined) element.focus()
          }}
          placeholder={strings.decisions.notePlaceholder}
          value={note ?? ''}
          onChange={(event) => change({ note: event.target.value })}
        />
      )}
    </FieldFrame>
  )
}
