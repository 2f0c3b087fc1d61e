import { Menu, MenuItem } from '../../../components/popups/menu.tsx'
import type { OnDemandPopupProps } from '../../../components/popups/popup-on-demand.tsx'
import { strings } from '../../../strings/strings.ts'
import { findComposer } from '../../../shortcuts/focus-composer.ts'
import { sendIcons } from './send-icons.ts'
import { otherSendMode, type SendMode, useSendMode } from './send-mode.ts'

interface SendMenuProps extends OnDemandPopupProps {
  readonly onSend: (mode: SendMode) => void
}

/** The ways to send a message while an answer is made. The chosen one is what Enter does from then on. */
export default function SendMenu({ trigger, onSend }: SendMenuProps) {
  const mode = useSendMode()
  const keys = { [mode]: 'Enter', [otherSendMode(mode)]: 'Ctrl Enter', INTERRUPT: 'Ctrl Shift Enter' }
  return (
    <Menu trigger={trigger} side="top" finalFocus={findComposer}>
      {(['STEER', 'QUEUE', 'INTERRUPT'] as const).map((each) => {
        const Icon = sendIcons[each]
        const { name, meaning } = strings.composer.modes[each]
        return (
          <MenuItem key={each} icon={<Icon />} hint={<kbd>{keys[each]}</kbd>} onClick={() => onSend(each)}>
            {name}: {meaning}
          </MenuItem>
        )
      })}
    </Menu>
  )
}
