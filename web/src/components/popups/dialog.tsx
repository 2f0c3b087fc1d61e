import { Dialog as BaseDialog } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { strings } from '../../strings/strings.ts'
import styles from './dialog.module.css'
import { IconButton } from '../buttons/icon-button.tsx'
import type { OnDemandPopupProps } from './popup-on-demand.tsx'

interface DialogProps extends Partial<OnDemandPopupProps> {
  readonly title: string
  readonly isOpen: boolean
  readonly onOpenChange: (isOpen: boolean) => void
  /** Where the focus goes when it closes. Default: the trigger. */
  readonly finalFocus?: () => HTMLElement | null
  readonly children: ReactNode
}

/** A panel over the page, which waits until it is closed. Load it with `popupOnDemand` or `lazy`, as menus. */
export function Dialog({ trigger, title, isOpen, onOpenChange, finalFocus, children }: DialogProps) {
  return (
    <BaseDialog.Root open={isOpen} onOpenChange={onOpenChange}>
      {trigger && <BaseDialog.Trigger render={trigger} />}
      <BaseDialog.Portal>
        <BaseDialog.Backdrop className={styles.backdrop} />
        <BaseDialog.Popup className={styles.popup} {...(finalFocus && { finalFocus })}>
          <div className={styles.header}>
            <BaseDialog.Title className={styles.title}>{title}</BaseDialog.Title>
            <BaseDialog.Close
              render={
                <IconButton label={strings.close}>
                  <X />
                </IconButton>
              }
            />
          </div>
          {children}
        </BaseDialog.Popup>
      </BaseDialog.Portal>
    </BaseDialog.Root>
  )
}
