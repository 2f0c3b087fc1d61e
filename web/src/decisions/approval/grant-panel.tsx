import { type KeyboardEvent, useEffect, useId, useRef } from 'react'
import { Button } from '../../components/buttons/button.tsx'
import { strings } from '../../strings/strings.ts'
import styles from '../card/decision-card.module.css'
import fieldStyles from '../form/fields.module.css'
import { patternDraft, readPattern } from './pattern-draft.ts'
import { PatternRows } from './pattern-rows.tsx'
import type { GrantDecision, PendingApprovalState } from './use-approval.ts'

interface GrantPanelProps {
  readonly state: PendingApprovalState
  readonly decision: GrantDecision
}

/** What a decision allows from then on: which calls, and until when. Nothing is sent before it is confirmed. */
export function GrantPanel({ state, decision }: GrantPanelProps) {
  const { approval, current, draft, change, can, send, setGrant } = state
  const texts = strings.decisions.grant
  const group = useId()
  const first = useRef<HTMLInputElement>(null)
  const pattern = readPattern(current ?? {}, draft)
  useEffect(() => first.current?.focus({ preventScroll: true }), [])
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return
    event.stopPropagation()
    setGrant(null)
  }
  return (
    <div className={styles.grant} onKeyDown={onKeyDown}>
      <p className={styles.meaning} id={`${group}-meaning`}>
        {texts.meaning[decision](approval.toolCall.name)}
      </p>
      <div role="radiogroup" aria-labelledby={`${group}-meaning`}>
        {(['any', 'some'] as const).map((mode) => (
          <label key={mode} className={fieldStyles.check}>
            <input
              ref={mode === 'any' ? first : undefined}
              type="radio"
              name={group}
              checked={pattern.isNarrow === (mode === 'some')}
              onChange={() => change({ [patternDraft.mode]: mode })}
            />
            {texts[mode]}
          </label>
        ))}
      </div>
      {pattern.isNarrow && <PatternRows rows={pattern.rows} isEmpty={pattern.isEmpty} onChange={change} />}
      <div className={styles.actions}>
        <Button kind="primary" disabled={!can(decision) || pattern.isEmpty} onClick={() => send(decision)}>
          {texts.label[decision]}
        </Button>
        <Button onClick={() => setGrant(null)}>{texts.back}</Button>
      </div>
    </div>
  )
}
