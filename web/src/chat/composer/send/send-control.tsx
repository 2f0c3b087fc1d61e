import { ArrowUp, ChevronDown, Square } from 'lucide-react'
import { IconButton } from '../../../components/buttons/icon-button.tsx'
import { popupOnDemand } from '../../../components/popups/popup-on-demand.tsx'
import { strings } from '../../../strings/strings.ts'
import styles from './send-control.module.css'
import { sendIcons } from './send-icons.ts'
import { type SendMode, useSendMode } from './send-mode.ts'

const SendMenu = popupOnDemand(() => import('./send-menu.tsx'))

interface SendControlProps {
  /** An answer is being made, or the session is being summarised. */
  readonly isBusy: boolean
  /** Why nothing can be sent, for people. Empty if there is nothing to send. Null if there is. */
  readonly problem: string | null
  readonly onSend: (mode: SendMode) => void
  /** Null if there is nothing to stop. */
  readonly onStop: (() => void) | null
}

/** Sends what is written. While an answer is made, it says how, offers the other ways, and stops the answer. */
export function SendControl({ isBusy, problem, onSend, onStop }: SendControlProps) {
  const mode = useSendMode()
  const name = isBusy ? strings.composer.sendAs[mode] : strings.composer.send
  const Icon = isBusy ? sendIcons[mode] : ArrowUp
  return (
    <span className={styles.control}>
      {onStop && (
        <IconButton className={styles.stop} label={strings.composer.stop} onClick={onStop}>
          <Square />
        </IconButton>
      )}
      {(!onStop || problem !== '') && (
        <span className={styles.split} data-split={isBusy || undefined}>
          <IconButton
            className={styles.send}
            label={problem ? `${name}. ${problem}` : name}
            disabled={problem !== null}
            type="submit"
          >
            <Icon />
          </IconButton>
          {isBusy && (
            <SendMenu
              onSend={onSend}
              trigger={
                <IconButton className={styles.more} label={strings.composer.sendMenu} disabled={problem !== null}>
                  <ChevronDown />
                </IconButton>
              }
            />
          )}
        </span>
      )}
    </span>
  )
}
