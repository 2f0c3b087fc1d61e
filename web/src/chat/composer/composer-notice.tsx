import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { IconButton } from '../../components/buttons/icon-button.tsx'
import { strings } from '../../strings/strings.ts'
import styles from './composer-notice.module.css'

interface ComposerNoticeProps {
  /** `wait` changes as time goes by: it is not announced. */
  readonly kind: 'info' | 'wait' | 'error'
  /** Such as a button that tries again. */
  readonly action?: ReactNode
  readonly onDismiss?: () => void
  readonly children: ReactNode
}

const roles = { info: 'status', wait: undefined, error: 'alert' } as const

/** Says above the composer what became of an action. */
export function ComposerNotice({ kind, action, onDismiss, children }: ComposerNoticeProps) {
  return (
    <div className={styles.notice} data-kind={kind} role={roles[kind]}>
      <p className={styles.text}>{children}</p>
      {action}
      {onDismiss && (
        <IconButton label={strings.composer.dismiss} onClick={onDismiss}>
          <X />
        </IconButton>
      )}
    </div>
  )
}
