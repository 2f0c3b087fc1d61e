import { Popover as BasePopover } from '@base-ui/react/popover'
import type { ReactNode } from 'react'
import styles from './popover.module.css'
import type { OnDemandPopupProps } from './popup-on-demand.tsx'

interface PopoverProps extends OnDemandPopupProps {
  readonly title: string
  readonly align?: 'start' | 'center' | 'end'
  readonly side?: 'top' | 'bottom'
  readonly children: ReactNode
}

/** A button that opens a small panel beside it. Load it with `popupOnDemand`, as menus. */
export function Popover({ trigger, title, align = 'end', side = 'bottom', children }: PopoverProps) {
  return (
    <BasePopover.Root defaultOpen>
      <BasePopover.Trigger render={trigger} />
      <BasePopover.Portal>
        <BasePopover.Positioner className={styles.positioner} align={align} side={side} sideOffset={6}>
          <BasePopover.Popup className={styles.popup}>
            <BasePopover.Title className={styles.title}>{title}</BasePopover.Title>
            {children}
          </BasePopover.Popup>
        </BasePopover.Positioner>
      </BasePopover.Portal>
    </BasePopover.Root>
  )
}
