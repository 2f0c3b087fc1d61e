import type { LiveChat } from 'segue-client/react'
import { useRef } from 'react'
import { Menu, MenuItem } from '../../../components/popups/menu.tsx'
import type { OnDemandPopupProps } from '../../../components/popups/popup-on-demand.tsx'
import { strings } from '../../../strings/strings.ts'
import { useQuestions } from './use-questions.ts'
import styles from './toolbar.module.css'

interface OutlineMenuProps extends OnDemandPopupProps {
  readonly chat: LiveChat
  readonly onChoose: (messageId: string) => void
}

const maxShownLength = 120 // UTF-16 code units

/** A list of one's own questions, to jump to. */
export default function OutlineMenu({ trigger, chat, onChoose }: OutlineMenuProps) {
  const hasChosen = useRef(false)
  const choose = (id: string): void => {
    hasChosen.current = true
    onChoose(id)
  }
  const close = (): false | null => {
    if (!hasChosen.current) return null
    hasChosen.current = false
    return false
  }
  return (
    // The focus goes to the message, else back to the button.
    <Menu trigger={trigger} finalFocus={close}>
      <OutlineItems chat={chat} onChoose={choose} />
    </Menu>
  )
}

function OutlineItems({ chat, onChoose }: Omit<OutlineMenuProps, 'trigger'>) {
  const questions = useQuestions(chat)
  if (questions.length === 0) return <p className={styles.empty}>{strings.transcript.noQuestions}</p>
  return (
    <div className={styles.outline}>
      {questions.map(({ id, text }) => (
        <MenuItem key={id} onClick={() => onChoose(id)}>
          {text.replaceAll(/\s+/g, ' ').trim().slice(0, maxShownLength)}
        </MenuItem>
      ))}
    </div>
  )
}
