import type { LiveChat } from 'segue-client/react'
import { memo } from 'react'
import { strings } from '../../../strings/strings.ts'
import { Markdown } from '../../markdown/markdown.tsx'
import type { TranscriptItem } from '../groups/to-message-groups.ts'
import styles from './message-item.module.css'

interface MessageItemProps {
  readonly chat: LiveChat
  readonly item: TranscriptItem
}

/** One message. It renders with the changes of this message alone. */
export const MessageItem = memo(function MessageItem({ item: { message } }: MessageItemProps) {
  const isUser = message.role === 'USER'
  const isStreaming = message.status === 'STREAMING'
  return (
    <article className={styles.message} data-role={message.role} id={message.id}>
      <h2 className="visually-hidden">{isUser ? strings.chat.you : strings.chat.agent}</h2>
      <div className={styles.body}>
        {message.parts.map((part, index) =>
          part.type === 'text' ? (
            // Parts keep their place.
            <Markdown key={index} text={part.text} isStreaming={isStreaming && part.endedAt === undefined} />
          ) : null,
        )}
      </div>
    </article>
  )
})
