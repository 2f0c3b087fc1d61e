import { ListTree, Share } from 'lucide-react'
import type { LiveChat } from 'segue-client/react'
import { useState } from 'react'
import { IconButton } from '../../../components/icon-button.tsx'
import { popupOnDemand } from '../../../components/popup-on-demand.tsx'
import { strings } from '../../../strings/strings.ts'
import styles from './toolbar.module.css'

const OutlineMenu = popupOnDemand(() => import('./outline-menu.tsx'))
const ExportMenu = popupOnDemand(() => import('./export-menu.tsx'))

interface TranscriptToolbarProps {
  readonly chat: LiveChat
  readonly onReveal: (messageId: string) => void
}

/** What can be done with the whole chat: jump to a question, copy it, save it. */
export function TranscriptToolbar({ chat, onReveal }: TranscriptToolbarProps) {
  const [done, setDone] = useState('')
  return (
    <div className={styles.toolbar}>
      <span role="status" className={styles.done}>
        {done}
      </span>
      <OutlineMenu
        chat={chat}
        onChoose={onReveal}
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
