import { ErrorText } from '../../components/error-text.tsx'
import { Paperclip } from 'lucide-react'
import { getMessageText, type LiveChatMessage } from 'segue-client/react'
import { strings } from '../../strings/strings.ts'
import styles from './waiting-messages.module.css'

interface WaitingMessageTextProps {
  readonly message: LiveChatMessage
  /** Why the last action failed. */
  readonly error: string | null
}

/** The text of a waiting message in two lines, and how many files it has. */
export function WaitingMessageText({ message, error }: WaitingMessageTextProps) {
  const files = message.parts.filter(({ type }) => type === 'file').length
  return (
    <div className={styles.content}>
      <p className={styles.text}>{getMessageText(message)}</p>
      {files > 0 && (
        <p className={styles.fileCount}>
          <Paperclip aria-hidden="true" /> {strings.composer.waiting.files(files)}
        </p>
      )}
      <ErrorText className={styles.error}>{error}</ErrorText>
    </div>
  )
}
