import { ArrowUp, ChevronDown, CornerDownRight, ListEnd, Octagon, Square } from 'lucide-react'
import { Menu, MenuItem } from '../../../components/menu.tsx'
import { IconButton } from '../../../components/icon-button.tsx'
import { strings } from '../../../strings/strings.ts'
import { focusComposer } from '../focus-composer.ts'
import styles from './send-control.module.css'
import { otherSendMode, type SendMode, useSendMode } from './send-mode.ts'

const icons = { STEER: CornerDownRight, QUEUE: ListEnd, INTERRUPT: Octagon } as const

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
  const Icon = isBusy ? icons[mode] : ArrowUp
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
          {isBusy && <SendMenu disabled={problem !== null} onSend={onSend} />}
        </span>
      )}
    </span>
  )
}

function SendMenu({ disabled, onSend }: { readonly disabled: boolean; readonly onSend: (mode: SendMode) => void }) {
  const mode = useSendMode()
  const keys = { [mode]: 'Enter', [otherSendMode(mode)]: 'Ctrl Enter', INTERRUPT: 'Ctrl Shift Enter' }
  const trigger = (
    <IconButton className={styles.more} label={strings.composer.sendMenu} disabled={disabled}>
      <ChevronDown />
    </IconButton>
  )
  return (
    <Menu trigger={trigger} side="top" finalFocus={() => (focusComposer(), null)}>
      {(['STEER', 'QUEUE', 'INTERRUPT'] as const).map((each) => {
        const Icon = icons[each]
        const { name, hint } = strings.composer.modes[each]
        return (
          <MenuItem key={each} icon={<Icon />} hint={keys[each]} onClick={() => onSend(each)}>
            {name} <span className={styles.meaning}>{hint}</span>
          </MenuItem>
        )
      })}
    </Menu>
  )
}
