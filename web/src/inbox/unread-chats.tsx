import { ErrorText } from '../components/error-text.tsx'
import { CheckCheck } from 'lucide-react'
import type { Conversation } from 'segue-client'
import { useConversations, useSegueClient } from 'segue-client/react'
import { useState } from 'react'
import { Link } from 'wouter'
import { toChatPath } from '../routing/routes.ts'
import { Button } from '../components/buttons/button.tsx'
import { IconButton } from '../components/buttons/icon-button.tsx'
import { toShownTitle } from '../conversations/conversation-title.ts'
import { strings } from '../strings/strings.ts'
import styles from './unread-chats.module.css'

const attention: readonly Conversation['attention'][] = ['FAILED', 'UNREAD']

interface UnreadChatsProps {
  readonly profile: string
  readonly showsProfile: boolean
}

/** Chats of a profile whose last answer has failed or was not read. */
export function UnreadChats({ profile, showsProfile }: UnreadChatsProps) {
  const { conversations, hasMore, loadMore } = useConversations({ profile, attention })
  if (conversations.length === 0) return null
  return (
    <section>
      <h2 className={styles.title}>
        {strings.inbox.unread}
        {showsProfile && ` · ${profile}`}
      </h2>
      <ul className={styles.list}>
        {conversations.map((conversation) => (
          <li key={conversation.id}>
            <UnreadChat conversation={conversation} />
          </li>
        ))}
      </ul>
      {hasMore && (
        <Button kind="quiet" onClick={() => void loadMore()}>
          {strings.inbox.more}
        </Button>
      )}
    </section>
  )
}

function UnreadChat({ conversation }: { readonly conversation: Conversation }) {
  const client = useSegueClient()
  const [error, setError] = useState<string | null>(null)
  const { id, tip, lastActivityAt, attentionSession } = conversation
  const title = toShownTitle(conversation)
  const markRead = (): void => {
    setError(null)
    client.markRead(id, lastActivityAt).catch((refusal: Error) => setError(refusal.message))
  }
  return (
    <div className={styles.chat}>
      <Link className={styles.link} href={toChatPath(attentionSession?.id ?? tip.id)}>
        <span className={styles.name}>{title}</span>
        {conversation.attention === 'FAILED' && <span className={styles.failed}>{strings.inbox.failed}</span>}
      </Link>
      <IconButton label={strings.inbox.markRead(title)} onClick={markRead}>
        <CheckCheck />
      </IconButton>
      <ErrorText className={styles.error}>{error}</ErrorText>
    </div>
  )
}
