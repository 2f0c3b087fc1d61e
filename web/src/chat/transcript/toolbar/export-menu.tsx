import { Menu, MenuItem } from '../../../components/popups/menu.tsx'
import type { OnDemandPopupProps } from '../../../components/popups/popup-on-demand.tsx'
import type { ExportCommand } from './use-export-commands.ts'

interface ExportMenuProps extends OnDemandPopupProps {
  readonly commands: readonly ExportCommand[]
}

/** Copies or saves the whole chat, also what is not loaded. */
export default function ExportMenu({ trigger, commands }: ExportMenuProps) {
  return (
    <Menu trigger={trigger}>
      {commands.map(({ id, label, Icon, run }) => (
        <MenuItem key={id} icon={<Icon />} onClick={run}>
          {label}
        </MenuItem>
      ))}
    </Menu>
  )
}
