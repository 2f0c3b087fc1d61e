import type { LiveChat } from 'segue-client/react'
import { memo } from 'react'
import { strings } from '../../../strings/strings.ts'
import { useIsEdited } from '../../actions/edited-message.ts'
import { MessageActions } from '../../actions/message-actions.tsx'
import { MessageEditor } from '../../actions/message-editor.tsx'
import { Markdown } from '../../markdown/markdown.tsx'
import type { TranscriptItem } from '../groups/to-message-groups.ts'
import styles from './message-item.module.css'

interface MessageItemProps {
  readonly chat: LiveChat
  readonly item: TranscriptItem
}

/** One message. It renders with the changes of this message alone. */
export const MessageItem = memo(function MessageItem({ chat, item: { message } }: MessageItemProps) {
  const isUser = message.role === 'USER'
  const isEdited = useIsEdited(message.id)
  const isStreaming = message.status === 'STREAMING'
  return (
    <article className={styles.message} data-role={message.role} id={message.id}>
      <h2 className="visually-hidden">{isUser ? strings.chat.you : strings.chat.agent}</h2>
      {isEdited ? (
        <MessageEditor chat={chat} message={message} />
      ) : (
        <div className={styles.body}>
          {message.parts.map((part, index) =>
            part.type === 'text' ? (
              // Parts keep their place.
              <Markdown key={index} text={part.text} isStreaming={isStreaming && part.endedAt === undefined} />
            ) : null,
          )}
        </div>
      )}
      {!isEdited && <MessageActions chat={chat} message={message} />}
    </article>
  )
})
