import { CircleAlert } from 'lucide-react'
import type { LiveChat, LiveChatMessage } from 'segue-client/react'
import { Button } from '../../components/buttons/button.tsx'
import { useAction } from '../../components/hooks/use-action.ts'
import { useNow } from '../../components/hooks/use-now.ts'
import { strings } from '../../strings/strings.ts'
import { focusComposer } from '../../shortcuts/focus-composer.ts'
import { describeSavedWords } from '../transcript/message/footer/describe-end.ts'
import styles from './message-actions.module.css'

interface AnswerFailureProps {
  readonly chat: LiveChat
  readonly message: LiveChatMessage
}

/** Why an answer failed, below what there is of it, else below the message that it was to; with a button that tries again. */
export function AnswerFailure({ chat, message }: AnswerFailureProps) {
  const { role, stream, streamId } = message
  const { run, isRunning } = useAction()
  const retryAt = stream?.error?.retryAt ?? 0
  const now = useNow(retryAt)
  if (!stream?.error || (stream.status !== 'FAILED' && stream.status !== 'INTERRUPTED')) return null
  // A message is another object when its stream ends, and the answer is there by then.
  const isAnswered = chat
    .getSnapshot()
    .messages.some((other) => other.role === 'ASSISTANT' && other.streamId === streamId && other !== message)
  if (role === 'USER' && isAnswered) return null
  const retry = async (): Promise<void> => {
    focusComposer()
    await chat.regenerate(message.id)
  }
  const waitMs = retryAt - now
  return (
    <div className={styles.failure}>
      <CircleAlert aria-hidden="true" />
      <p>
        {stream.error.message} {role === 'ASSISTANT' && describeSavedWords(message)}{' '}
        {waitMs > 0 && strings.actions.retryAt(retryAt, waitMs)}
      </p>
      <Button disabled={isRunning || waitMs > 0} onClick={() => run(retry)}>
        {strings.actions.retryFailed}
      </Button>
    </div>
  )
}
