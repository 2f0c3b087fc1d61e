import { ListTree, Search, Share } from 'lucide-react'
import type { LiveChat } from 'segue-client/react'
import { useState } from 'react'
import { navigate } from 'wouter/use-browser-location'
import { IconButton } from '../../../components/buttons/icon-button.tsx'
import { popupOnDemand } from '../../../components/popups/popup-on-demand.tsx'
import { useCommands } from '../../../keyboard/commands/command-store.ts'
import { showKeyboardPanel } from '../../../keyboard/keyboard-panel.ts'
import { globalShortcuts } from '../../../shortcuts/shortcut-registry.ts'
import { strings } from '../../../strings/strings.ts'
import styles from './toolbar.module.css'
import { useExportCommands } from './use-export-commands.ts'

const OutlineMenu = popupOnDemand(() => import('./outline-menu.tsx'))
const ExportMenu = popupOnDemand(() => import('./export-menu.tsx'))

const findCommand = {
  id: 'find',
  label: strings.keyboard.find.label,
  Icon: Search,
  keys: globalShortcuts.find,
  run: () => showKeyboardPanel('find'),
}

/** What can be done with the whole chat: find a message, jump to a question, copy it, save it. */
export function TranscriptToolbar({ chat }: { readonly chat: LiveChat }) {
  const [done, setDone] = useState('')
  const exportCommands = useExportCommands(chat, setDone)
  useCommands([findCommand])
  return (
    <div className={styles.toolbar}>
      <span role="status" className={styles.done}>
        {done}
      </span>
      <IconButton label={findCommand.label} onClick={findCommand.run}>
        <Search />
      </IconButton>
      <OutlineMenu
        chat={chat}
        onChoose={reveal}
        trigger={
          <IconButton label={strings.transcript.outline}>
            <ListTree />
          </IconButton>
        }
      />
      <ExportMenu
        commands={exportCommands}
        trigger={
          <IconButton label={strings.transcript.exported.menu}>
            <Share />
          </IconButton>
        }
      />
    </div>
  )
}

/** The transcript jumps to the message that the address names. */
function reveal(messageId: string): void {
  navigate(`${location.pathname}#${encodeURIComponent(messageId)}`, { replace: true })
}
