import type { Approval } from 'segue-client'
import { memo, useRef } from 'react'
import { strings } from '../strings/strings.ts'
import { PendingApproval } from './approval/pending-approval.tsx'
import { SettledApproval } from './approval/settled-approval.tsx'
import { revealHiddenCharacters } from './arguments/reveal-hidden-characters.ts'
import { DecisionCard } from './card/decision-card.tsx'

/** A tool call that waits for a person, to be answered in place; once it is settled, how. */
export const ApprovalCard = memo(function ApprovalCard({ approval }: { readonly approval: Approval }) {
  const card = useRef<HTMLDivElement>(null)
  const title = strings.decisions.mayRun(revealHiddenCharacters(approval.toolCall.name))
  return (
    <DecisionCard card={card} decision={approval} title={title}>
      {approval.state === 'PENDING' ? (
        <PendingApproval card={card} approval={approval} />
      ) : (
        <SettledApproval approval={approval} />
      )}
    </DecisionCard>
  )
})
