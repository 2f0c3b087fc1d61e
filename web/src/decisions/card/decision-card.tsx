import type { Approval, Clarification } from 'segue-client'
import { type ReactNode, type RefObject, useEffect, useId } from 'react'
import { decisionDrafts } from '../draft/decision-drafts.ts'
import { markShownPending } from './answered-here.ts'
import { DecisionExpiry } from './decision-expiry.tsx'
import styles from './decision-card.module.css'

interface DecisionCardProps {
  readonly card: RefObject<HTMLDivElement | null>
  readonly decision: Approval | Clarification
  readonly title: string
  readonly children: ReactNode
}

/** The frame of what waits for a person, or waited. It keeps the focus when it is settled. */
export function DecisionCard({ card, decision, title, children }: DecisionCardProps) {
  const { id, kind, state, expiresAt } = decision
  const titleId = useId()
  const isPending = state === 'PENDING'
  useEffect(() => {
    if (isPending) markShownPending(id)
    else decisionDrafts.remove(id)
  }, [id, isPending])
  return (
    <div
      ref={card}
      className={styles.card}
      role="group"
      aria-labelledby={titleId}
      tabIndex={-1}
      data-decision={id}
      data-state={state}
      data-kind={kind}
    >
      <div className={styles.header}>
        <h3 className={styles.title} id={titleId}>
          {title}
        </h3>
        {isPending && expiresAt !== null && <DecisionExpiry expiresAt={expiresAt} />}
      </div>
      {children}
    </div>
  )
}
