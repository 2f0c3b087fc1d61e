import { once } from '../formats/once.ts'
import { memo } from 'react'
import { Link } from 'wouter'
import { toChatPath, toMessagePath } from '../routing/routes.ts'
import { toShownTitle } from '../conversations/conversation-title.ts'
import styles from './search-results.module.css'
import { Matches } from './matches.tsx'
import type { SearchHit } from './use-chat-search.ts'

interface SearchHitLinkProps {
  readonly hit: SearchHit
  readonly query: string
}

const dayOfYear = once(() => new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short' }))
const dayOfAnyYear = once(() => new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short', year: 'numeric' }))

/** A result: the title of the chat, and the text around the match. It leads to the message. */
export const SearchHitLink = memo(function SearchHitLink({ hit, query }: SearchHitLinkProps) {
  const { snippet, message, session } = hit
  const title = message ? toShownTitle({ title: session.conversation.title ?? session.title }) : snippet
  const path = message ? toMessagePath(session.id, message.id) : toChatPath(session.id)
  return (
    <Link href={path} className={styles.hit}>
      <span className={styles.head}>
        <span className={styles.title}>
          <Matches text={title} query={query} />
        </span>
        <time className={styles.date}>{formatDay(message?.createdAt ?? session.lastActivityAt)}</time>
      </span>
      {message && (
        <span className={styles.snippet}>
          <Matches text={snippet} query={query} />
        </span>
      )}
    </Link>
  )
})

function formatDay(time: string): string {
  const date = new Date(time)
  return (date.getFullYear() === new Date().getFullYear() ? dayOfYear : dayOfAnyYear)().format(date)
}
