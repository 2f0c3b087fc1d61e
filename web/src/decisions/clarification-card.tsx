import type { Clarification } from 'segue-client'
import { memo, useRef } from 'react'
import { strings } from '../strings/strings.ts'
import { DecisionCard } from './card/decision-card.tsx'
import { PendingClarification } from './clarification/pending-clarification.tsx'
import { SettledClarification } from './clarification/settled-clarification.tsx'

/** A question to a person, to be answered in place; once it is settled, the answer. */
export const ClarificationCard = memo(function ClarificationCard({
  clarification,
}: {
  readonly clarification: Clarification
}) {
  const card = useRef<HTMLDivElement>(null)
  const title = clarification.form ? strings.decisions.form : strings.decisions.question
  return (
    <DecisionCard card={card} decision={clarification} title={title}>
      {clarification.state === 'PENDING' ? (
        <PendingClarification card={card} clarification={clarification} />
      ) : (
        <SettledClarification clarification={clarification} />
      )}
    </DecisionCard>
  )
})
