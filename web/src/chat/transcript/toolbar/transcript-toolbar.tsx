import { ListTree, Share } from 'lucide-react'
import type { LiveChat } from 'segue-client/react'
import { useState } from 'react'
import { navigate } from 'wouter/use-browser-location'
import { IconButton } from '../../../components/buttons/icon-button.tsx'
import { popupOnDemand } from '../../../components/popups/popup-on-demand.tsx'
import { strings } from '../../../strings/strings.ts'
import styles from './toolbar.module.css'

const OutlineMenu = popupOnDemand(() => import('./outline-menu.tsx'))
const ExportMenu = popupOnDemand(() => import('./export-menu.tsx'))

/** What can be done with the whole chat: jump to a question, copy it, save it. */
export function TranscriptToolbar({ chat }: { readonly chat: LiveChat }) {
  const [done, setDone] = useState('')
  return (
    <div className={styles.toolbar}>
      <span role="status" className={styles.done}>
        {done}
      </span>
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
        chat={chat}
        onDone={setDone}
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
