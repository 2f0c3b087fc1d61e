import { type LiveChat, useChat } from 'segue-client/react'
import { LiveDuration } from '../../components/live-duration.tsx'
import { strings } from '../../strings/strings.ts'
import styles from './activity-line.module.css'

/** Says that an answer is being made while nothing of it changes: before its first words. */
export function ActivityLine({ chat }: { readonly chat: LiveChat }) {
  const { stream, isAnswering } = useChat(chat, ({ activeStream, messages }) => ({
    stream: activeStream?.status === 'RUNNING' ? activeStream : null,
    isAnswering: messages.at(-1)?.status === 'STREAMING',
  }))
  // Its height is always there, so that the words of an answer do not move when it goes.
  return (
    <p className={styles.line}>
      {stream && stream.retryAt === null && !isAnswering && (
        <>
          <span className={styles.dot} aria-hidden="true" />
          {strings.transcript.working} <LiveDuration since={stream.startedAt} />
        </>
      )}
    </p>
  )
}
