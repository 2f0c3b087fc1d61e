import { RotateCcw } from 'lucide-react'
import type { LiveChat, LiveChatMessage } from 'segue-client/react'
import { Button } from '../../../../components/buttons/button.tsx'
import { useAction } from '../../../../components/hooks/use-action.ts'
import { strings } from '../../../../strings/strings.ts'
import { focusComposer } from '../../../../shortcuts/focus-composer.ts'
import { countWords } from '../../export/count-words.ts'
import { describeEnd } from './describe-end.ts'
import styles from './footer.module.css'

interface EndNoticeProps {
  readonly chat: LiveChat
  /** The answer, or the user's message if there is none. */
  readonly message: LiveChatMessage
}

/** Says how an answer ended that is not whole, what was saved of it, and offers another try. Failures say more: see `AnswerFailure`. */
export function EndNotice({ chat, message }: EndNoticeProps) {
  const { run, isRunning, error } = useAction()
  const end = describeEnd(message.stream, message.role === 'ASSISTANT' ? countWords(message) : 0)
  if (!end) return null
  const retry = async (): Promise<void> => {
    focusComposer()
    await chat.regenerate(message.id)
  }
  return (
    <div className={styles.notice} data-tone={end.tone} role="note">
      <p>{error ?? end.text}</p>
      {end.canRetry && (
        <Button kind="quiet" className={styles.retry ?? ''} disabled={isRunning} onClick={() => run(retry)}>
          <RotateCcw aria-hidden="true" /> {strings.actions.retryFailed}
        </Button>
      )}
    </div>
  )
}
