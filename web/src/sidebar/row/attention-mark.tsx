import type { Conversation } from 'segue-client'
import { strings } from '../../strings/strings.ts'
import styles from './chat-row.module.css'

/** What a chat wants of a person, at the end of its row. */
export function AttentionMark({ attention }: Pick<Conversation, 'attention'>) {
  const label = strings.sidebar.attention[attention]
  switch (attention) {
    case 'NEEDS_APPROVAL':
    case 'NEEDS_ANSWER':
    case 'FAILED':
      return (
        <span className={styles.chip} data-attention={attention}>
          {label}
        </span>
      )
    case 'WORKING':
    case 'UNREAD':
      return <span className={styles.dot} data-attention={attention} role="img" aria-label={label} title={label} />
    default:
      return null
  }
}
