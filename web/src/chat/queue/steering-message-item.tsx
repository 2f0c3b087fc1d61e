import { Undo2 } from 'lucide-react'
import { type LiveChatMessage, useSegueClient } from 'segue-client/react'
import { IconButton } from '../../components/buttons/icon-button.tsx'
import { strings } from '../../strings/strings.ts'
import type { Draft } from '../composer/draft/draft.ts'
import { giveBackMessages } from '../composer/draft/message-draft.ts'
import { focusComposer } from '../../shortcuts/focus-composer.ts'
import { useAction } from '../../components/hooks/use-action.ts'
import { WaitingMessageText } from './waiting-message-text.tsx'
import styles from './waiting-messages.module.css'

interface SteeringMessageItemProps {
  readonly draft: Draft
  readonly message: LiveChatMessage
}

/** A message that waits to join the answer: it can be taken back until then. */
export function SteeringMessageItem({ draft, message }: SteeringMessageItemProps) {
  const client = useSegueClient()
  const { run, isRunning, error } = useAction()
  const withdraw = async (): Promise<void> => {
    await client.withdraw(message.id)
    giveBackMessages(draft, [message])
    focusComposer()
  }
  return (
    <li className={styles.item}>
      <WaitingMessageText message={message} error={error} />
      <IconButton label={strings.composer.waiting.withdraw} disabled={isRunning} onClick={() => run(withdraw)}>
        <Undo2 />
      </IconButton>
    </li>
  )
}
