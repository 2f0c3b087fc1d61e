import { type Conversation } from 'segue-client'
import { memo } from 'react'
import { Link } from 'wouter'
import { toChatPath, useChatRoute } from '../app/routes.ts'
import { strings } from '../strings/strings.ts'
import styles from './conversation-row.module.css'

/** One chat of the list. */
export const ConversationRow = memo(function ConversationRow({
  conversation,
}: {
  readonly conversation: Conversation
}) {
  const { id, title, attention, tip } = conversation
  const openSessionId = useChatRoute()?.sessionId
  const isOpen = openSessionId === tip.id || openSessionId === id
  return (
    <Link
      href={toChatPath(tip.id)}
      className={styles.row}
      aria-current={isOpen ? 'page' : undefined}
      data-attention={attention}
    >
      <span className={styles.title}>{title ?? strings.sidebar.untitled}</span>
      {tip.pendingDecisionCount > 0 && <span className={styles.waiting}>{strings.sidebar.waiting}</span>}
      {tip.activeStream && tip.pendingDecisionCount === 0 && (
        <span className={styles.active} role="img" aria-label={strings.sidebar.answering} />
      )}
    </Link>
  )
})
