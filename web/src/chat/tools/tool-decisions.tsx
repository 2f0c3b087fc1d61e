import type { ToolCallDecisions } from 'segue-client/react'
import { ApprovalCard } from '../../decisions/approval-card.tsx'
import { ClarificationCard } from '../../decisions/clarification-card.tsx'
import styles from './tool-card.module.css'

/** What a call asks of a person, to be answered in its card; then, what was answered. */
export function ToolDecisions({ decisions: { approval, clarification } }: { readonly decisions: ToolCallDecisions }) {
  return (
    <div className={styles.decisions}>
      {approval && <ApprovalCard approval={approval} isEmbedded />}
      {clarification && <ClarificationCard clarification={clarification} isEmbedded />}
    </div>
  )
}
