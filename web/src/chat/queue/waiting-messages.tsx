import { ErrorText } from '../../components/error-text.tsx'
import { type LiveChat, useChat } from 'segue-client/react'
import { strings } from '../../strings/strings.ts'
import type { Draft } from '../composer/draft/draft.ts'
import { useDraftState } from '../composer/draft/use-draft.ts'
import { QueuedMessageItem } from './queued-message-item.tsx'
import { SteeringMessageItem } from './steering-message-item.tsx'
import { useQueueOrder } from './use-queue-order.ts'
import styles from './waiting-messages.module.css'

interface WaitingMessagesProps {
  readonly chat: LiveChat
  /** What is taken back comes into it. */
  readonly draft: Draft
}

/** What was sent and waits: to be accepted, to join the answer, or for its turn. */
export function WaitingMessages({ chat, draft }: WaitingMessagesProps) {
  const { steering, queue } = useChat(chat, (state) => ({ steering: state.steering, queue: state.queue }))
  const outgoing = useDraftState(draft, (state) => state.outgoing)
  const { ordered, listRef, announcement, getHandleProps, draggedId, error } = useQueueOrder(queue)
  return (
    <div className={styles.waiting}>
      {steering.length > 0 && (
        <section aria-labelledby="steering-title">
          <h2 id="steering-title" className={styles.title}>
            {strings.composer.waiting.steering}
          </h2>
          <ul className={styles.list}>
            {steering.map((message) => (
              <SteeringMessageItem key={message.id} draft={draft} message={message} />
            ))}
          </ul>
        </section>
      )}
      {queue.length > 0 && (
        <section aria-labelledby="queue-title">
          <h2 id="queue-title" className={styles.title}>
            {strings.composer.waiting.queue}
          </h2>
          <ol className={styles.list} ref={listRef}>
            {ordered.map((queued) => (
              <QueuedMessageItem
                key={queued.stream.id}
                draft={draft}
                queued={queued}
                isDragged={queued.stream.id === draggedId}
                handleProps={queue.length > 1 ? getHandleProps(queued.stream.id) : null}
              />
            ))}
          </ol>
          <ErrorText className={styles.error}>{error}</ErrorText>
        </section>
      )}
      {outgoing.map(({ key, text }) => (
        <p key={key} className={styles.outgoing}>
          <span className="visually-hidden">{strings.composer.sending}: </span>
          {text}
        </p>
      ))}
      <p className="visually-hidden" role="status">
        {announcement}
      </p>
    </div>
  )
}
