import { useEffect, useId, useRef } from 'react'
import { strings } from '../../strings/strings.ts'
import { FieldFrame } from '../form/field-frame.tsx'
import fieldStyles from '../form/fields.module.css'
import type { PendingApprovalState } from './use-approval.ts'

interface ApprovalNoteProps {
  readonly state: PendingApprovalState
  /** Somebody has opened it: it takes the focus. One that was kept over a reload does not. */
  readonly isOpened: boolean
}

/** A note that the model is told with the decision. */
export function ApprovalNote({ state: { draft, change }, isOpened }: ApprovalNoteProps) {
  const id = useId()
  const control = useRef<HTMLTextAreaElement>(null)
  useEffect(() => {
    if (isOpened) control.current?.focus()
  }, [isOpened])
  const note = draft['note']
  if (!isOpened && note === undefined) return null
  return (
    <FieldFrame id={id} label={strings.decisions.note} error={null}>
      {(props) => (
        <textarea
          {...props}
          ref={control}
          className={fieldStyles.control}
          rows={1}
          placeholder={strings.decisions.notePlaceholder}
          value={note ?? ''}
          onChange={(event) => change({ note: event.target.value })}
        />
      )}
    </FieldFrame>
  )
}
