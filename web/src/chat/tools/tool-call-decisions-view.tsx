import type { ToolCallDecisions } from 'segue-client/react'
import { ApprovalCard } from '../../decisions/approval-card.tsx'
import { ClarificationCard } from '../../decisions/clarification-card.tsx'

/** What a tool call asks of a person, to be answered in place. It is loaded with the first call that asks. */
export default function ToolCallDecisionsView({ approval, clarification }: ToolCallDecisions) {
  return (
    <>
      {approval && <ApprovalCard approval={approval} />}
      {clarification && <ClarificationCard clarification={clarification} />}
    </>
  )
}
