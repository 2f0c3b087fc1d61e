import { type LiveChat, useChat } from 'segue-client/react'
import { strings } from '../../strings/strings.ts'
import styles from './message-item.module.css'

/** One message. It renders with the changes of this message alone. */
export function MessageItem({ chat, messageId }: { readonly chat: LiveChat; readonly messageId: string }) {
  const message = useChat(chat, ({ messages }) => messages.find(({ id }) => id === messageId))
  if (!message) return null
  return (
    <article className={styles.message} data-role={message.role}>
      <h2 className="visually-hidden">{message.role === 'USER' ? strings.chat.you : strings.chat.agent}</h2>
      {message.parts.map((part, index) =>
        part.type === 'text' ? (
          // Parts keep their place.
          <p key={index} className={styles.text}>
            {part.text}
          </p>
        ) : null,
      )}
    </article>
  )
}
