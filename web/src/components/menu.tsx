import { Menu as BaseMenu } from '@base-ui/react/menu'
import type { ReactNode } from 'react'
import styles from './menu.module.css'
import type { OnDemandPopupProps } from './popup-on-demand.tsx'

interface MenuProps extends OnDemandPopupProps {
  readonly align?: 'start' | 'center' | 'end'
  readonly side?: 'top' | 'bottom'
  /** Where the focus goes when it closes. Default: the trigger. */
  readonly finalFocus?: () => HTMLElement | null
  readonly children: ReactNode
}

/**
 * A button that opens a list of actions. Make a module of each menu, and load it with `popupOnDemand`: menus are no part of
 * what is loaded first.
 */
export function Menu({ trigger, align = 'end', side = 'bottom', finalFocus, children }: MenuProps) {
  return (
    <BaseMenu.Root defaultOpen>
      <BaseMenu.Trigger render={trigger} />
      <BaseMenu.Portal>
        <BaseMenu.Positioner className={styles.positioner} align={align} side={side} sideOffset={6}>
          <BaseMenu.Popup className={styles.popup} {...(finalFocus && { finalFocus })}>
            {children}
          </BaseMenu.Popup>
        </BaseMenu.Positioner>
      </BaseMenu.Portal>
    </BaseMenu.Root>
  )
}

interface MenuItemProps {
  readonly icon?: ReactNode
  /** The keys that do the same, or a few words. */
  readonly hint?: ReactNode
  readonly isDanger?: boolean
  readonly disabled?: boolean
  readonly onClick: () => void
  readonly children: ReactNode
}

export function MenuItem({ icon, hint, isDanger, disabled = false, onClick, children }: MenuItemProps) {
  return (
    <BaseMenu.Item className={styles.item} disabled={disabled} data-danger={isDanger || undefined} onClick={onClick}>
      {icon && <span className={styles.icon}>{icon}</span>}
      <span className={styles.label}>{children}</span>
      {hint !== undefined && <span className={styles.hint}>{hint}</span>}
    </BaseMenu.Item>
  )
}
