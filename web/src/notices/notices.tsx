import { X } from 'lucide-react'
import { useSyncExternalStore } from 'react'
import { Button } from '../components/buttons/button.tsx'
import { IconButton } from '../components/buttons/icon-button.tsx'
import { strings } from '../strings/strings.ts'
import { dismissNotice, type Notice, noticeStore } from './notice-store.ts'
import styles from './notices.module.css'

/** The notices of the page, newest last. Screen readers announce them without leaving where they are. */
export function Notices() {
  const notices = useSyncExternalStore(noticeStore.subscribe, noticeStore.getSnapshot)
  return (
    <div className={styles.notices} role="status" aria-label={strings.notices.label}>
      {notices.map((notice) => (
        <NoticeItem key={notice.id} notice={notice} />
      ))}
    </div>
  )
}

function NoticeItem({ notice: { id, text, isError, action } }: { readonly notice: Notice }) {
  const act = (): void => {
    dismissNotice(id)
    action?.run()
  }
  return (
    <div className={styles.notice} data-error={isError || undefined}>
      <p className={styles.text}>{text}</p>
      {action && (
        <Button kind="quiet" className={styles.action} onClick={act}>
          {action.label}
        </Button>
      )}
      <IconButton label={strings.notices.dismiss} onClick={() => dismissNotice(id)}>
        <X />
      </IconButton>
    </div>
  )
}
