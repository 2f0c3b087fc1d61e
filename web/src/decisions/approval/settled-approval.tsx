import type { Approval } from 'segue-client'
import { strings } from '../../strings/strings.ts'
import { ArgumentList } from '../arguments/argument-list.tsx'
import { wasAnsweredElsewhere } from '../card/answered-here.ts'
import styles from '../card/decision-card.module.css'

/** What was decided about a tool call, and how. */
export function SettledApproval({ approval }: { readonly approval: Approval }) {
  const { id, state, decision, reason, releasedBy, arguments: changed, pattern } = approval
  const texts = strings.decisions.settled
  const isAllowed = state === 'ANSWERED' && decision !== 'DENY'
  const outcome = state === 'ANSWERED' && decision ? texts[decision] : texts[state === 'EXPIRED' ? state : 'CANCELLED']
  const isElsewhere = state === 'ANSWERED' && releasedBy === undefined && wasAnsweredElsewhere(id)
  return (
    <>
      <p className={styles.settled}>
        <span className={styles.outcome} data-good={isAllowed || undefined} data-bad={decision === 'DENY' || undefined}>
          {outcome}
        </span>
        {isElsewhere && <span className={styles.how}>{texts.elsewhere}</span>}
        {releasedBy !== undefined && <span className={styles.how}>{texts.released}</span>}
      </p>
      {reason !== undefined && (
        <p className={styles.detail}>
          {texts.note}: {reason}
        </p>
      )}
      {changed && (
        <details className={styles.detail}>
          <summary>{texts.ranWith}</summary>
          <ArgumentList values={changed} />
        </details>
      )}
      {pattern && (
        <details className={styles.detail}>
          <summary>{texts.pattern}</summary>
          <ArgumentList values={pattern} />
        </details>
      )}
    </>
  )
}
