import type { Clarification } from 'segue-client'
import { memo, useRef } from 'react'
import { strings } from '../strings/strings.ts'
import { DecisionCard } from './card/decision-card.tsx'
import { PendingClarification } from './clarification/pending-clarification.tsx'
import { SettledClarification } from './clarification/settled-clarification.tsx'

interface ClarificationCardProps {
  readonly clarification: Clarification
  /** Within the card of the tool call, which is named there already. */
  readonly isEmbedded?: boolean
}

/** A question to a person, to be answered in place; once it is settled, the answer. */
export const ClarificationCard = memo(function ClarificationCard({
  clarification,
  isEmbedded,
}: ClarificationCardProps) {
  const card = useRef<HTMLDivElement>(null)
  const title = clarification.form ? strings.decisions.form : strings.decisions.question
  return (
    <DecisionCard card={card} decision={clarification} title={title} isEmbedded={isEmbedded}>
      {clarification.state === 'PENDING' ? (
        <PendingClarification card={card} clarification={clarification} />
      ) : (
        <SettledClarification clarification={clarification} />
      )}
    </DecisionCard>
  )
})
