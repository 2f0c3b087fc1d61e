import type { LiveChat } from 'segue-client/react'
import { memo } from 'react'
import { CopyButton } from '../../../components/buttons/copy-button.tsx'
import { strings } from '../../../strings/strings.ts'
import { useIsEdited } from '../../actions/edited-message.ts'
import { MessageActions } from '../../actions/message-actions.tsx'
import { MessageEditor } from '../../actions/message-editor.tsx'
import { formatMessage } from '../export/format-message.ts'
import type { TranscriptItem } from '../groups/to-message-groups.ts'
import { AnswerFooter } from './footer/answer-footer.tsx'
import { EndNotice } from './footer/end-notice.tsx'
import styles from './message-item.module.css'
import { MessageParts } from './parts/message-parts.tsx'
import { SummaryMessage } from './summary-message.tsx'
import { UserMessage } from './user-message.tsx'

interface MessageItemProps {
  readonly chat: LiveChat
  readonly item: TranscriptItem
}

/** One message. It renders with the changes of this message alone. */
export const MessageItem = memo(function MessageItem({ chat, item }: MessageItemProps) {
  const { message, isUnanswered } = item
  const isUser = message.role === 'USER'
  const isEdited = useIsEdited(message.id)
  return (
    <article
      className={styles.message}
      data-role={message.role}
      data-status={message.status}
      id={message.id}
      tabIndex={-1}
    >
      <h2 className="visually-hidden">{isUser ? strings.chat.you : strings.chat.agent}</h2>
      {isEdited ? (
        <MessageEditor chat={chat} message={message} />
      ) : (
        <>
          <MessageContent item={item} />
          {!isUser && message.status === 'PARTIAL' && <EndNotice chat={chat} message={message} />}
          <MessageActions chat={chat} message={message}>
            {message.status !== 'STREAMING' && (
              <CopyButton label={strings.transcript.copyMessage} getText={() => formatMessage(message)} />
            )}
            {message.role === 'ASSISTANT' && message.status !== 'STREAMING' && <AnswerFooter message={message} />}
          </MessageActions>
          {/* In the place of the answer. */}
          {isUser && isUnanswered && message.stream && <EndNotice chat={chat} message={message} />}
        </>
      )}
    </article>
  )
})

function MessageContent({ item: { message, steered } }: Pick<MessageItemProps, 'item'>) {
  if (message.kind === 'SUMMARY') return <SummaryMessage message={message} />
  if (message.role === 'USER') return <UserMessage message={message} />
  return (
    <div className={styles.parts}>
      <MessageParts message={message} steered={steered} />
    </div>
  )
}
