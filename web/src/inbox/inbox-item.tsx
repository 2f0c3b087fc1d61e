import type { Approval, Clarification } from 'segue-client'
import { useConversations } from 'segue-client/react'
import { memo } from 'react'
import { Link } from 'wouter'
import { toChatPath } from '../app/routes.ts'
import { ApprovalCard } from '../decisions/approval-card.tsx'
import { ClarificationCard } from '../decisions/clarification-card.tsx'
import { strings } from '../strings/strings.ts'
import styles from './inbox.module.css'

interface InboxItemProps {
  readonly profile: string
  readonly decision: Approval | Clarification
  readonly showsProfile: boolean
}

/** What waits, below the title of its chat. */
export const InboxItem = memo(function InboxItem({ profile, decision, showsProfile }: InboxItemProps) {
  const title = useConversations({ profile, ids: [decision.sessionId] }, ({ conversations }) => conversations[0]?.title)
  return (
    <li className={styles.item}>
      <h2 className={styles.chat}>
        <Link href={toChatPath(decision.sessionId)}>{title ?? strings.conversation.untitled}</Link>
        {showsProfile && <span className={styles.profile}>{profile}</span>}
      </h2>
      {decision.kind === 'approval' ? (
        <ApprovalCard approval={decision} />
      ) : (
        <ClarificationCard clarification={decision} />
      )}
    </li>
  )
})
