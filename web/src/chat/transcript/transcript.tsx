import { type LiveChat, useChat } from 'segue-client/react'
import { useStickToBottom } from 'use-stick-to-bottom'
import { Button } from '../../components/button.tsx'
import { strings } from '../../strings/strings.ts'
import { MessageItem } from './message-item.tsx'
import styles from './transcript.module.css'

/** The messages of a chat. It stays at the newest one unless the reader scrolls away from it. */
export function Transcript({ chat }: { readonly chat: LiveChat }) {
  const { ids, hasEarlier } = useChat(chat, (state) => ({
    ids: state.messages.map(({ id }) => id).join('\n'),
    hasEarlier: state.hasEarlier,
  }))
  const { scrollRef, contentRef } = useStickToBottom({ initial: 'instant', resize: 'instant' })
  return (
    <div className={styles.scroller} ref={scrollRef} tabIndex={0} role="region" aria-label={strings.chat.conversation}>
      <div className={styles.column} ref={contentRef}>
        {hasEarlier && (
          <Button kind="quiet" onClick={() => void chat.loadEarlier()}>
            {strings.chat.loadEarlier}
          </Button>
        )}
        {ids
          .split('\n')
          .filter(Boolean)
          .map((id) => (
            <MessageItem key={id} chat={chat} messageId={id} />
          ))}
      </div>
    </div>
  )
}
