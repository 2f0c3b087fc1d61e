import { useConversations } from 'segue-client/react'
import { memo, useLayoutEffect, useRef } from 'react'
import { Link } from 'wouter'
import { toChatPath } from '../routing/routes.ts'
import { ApprovalCard } from '../decisions/approval-card.tsx'
import { ClarificationCard } from '../decisions/clarification-card.tsx'
import type { WaitingDecision } from '../decisions/waiting/waiting-decisions.ts'
import { strings } from '../strings/strings.ts'
import styles from './inbox.module.css'

interface InboxItemProps extends WaitingDecision {
  readonly isGone: boolean
  readonly showsProfile: boolean
}

/** What waits, below the title of its chat. */
export const InboxItem = memo(function InboxItem({ profile, decision, isGone, showsProfile }: InboxItemProps) {
  const filter = { profile, ids: [decision.sessionId] }
  const title = useConversations(filter, ({ conversations }) => conversations[0]?.title)
  const item = useRef<HTMLLIElement>(null)
  // The focus of what goes moves to the view, not to the page: the keys of the next card work.
  useLayoutEffect(() => {
    const { current } = item
    return () => {
      if (current?.contains(document.activeElement)) document.getElementById('main')?.focus({ preventScroll: true })
    }
  }, [])
  return (
    <li className={styles.item} ref={item}>
      <h2 className={styles.chat}>
        <Link href={toChatPath(decision.sessionId)}>{title ?? strings.conversation.untitled}</Link>
        {showsProfile && <span className={styles.profile}>{profile}</span>}
      </h2>
      {isGone ? <GoneDecision decision={decision} /> : <WaitingCard decision={decision} />}
    </li>
  )
})

function WaitingCard({ decision }: Pick<WaitingDecision, 'decision'>) {
  return decision.kind === 'approval' ? (
    <ApprovalCard approval={decision} />
  ) : (
    <ClarificationCard clarification={decision} />
  )
}

function GoneDecision({ decision }: Pick<WaitingDecision, 'decision'>) {
  const what = decision.kind === 'approval' ? strings.decisions.mayRun(decision.toolCall.name) : decision.question
  return (
    <p className={styles.gone}>
      {what} <em>{strings.inbox.gone}</em>
    </p>
  )
}
