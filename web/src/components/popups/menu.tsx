import { Menu as BaseMenu } from '@base-ui/react/menu'
import { Check } from 'lucide-react'
import type { ReactNode } from 'react'
import styles from './menu.module.css'
import type { OnDemandPopupProps } from './popup-on-demand.tsx'

interface MenuProps extends OnDemandPopupProps {
  readonly align?: 'start' | 'center' | 'end'
  readonly side?: 'top' | 'bottom'
  /** Where the focus goes when it closes; false: it stays where it is then. Default: the trigger. */
  readonly finalFocus?: () => HTMLElement | false | null
  readonly children: ReactNode
}

interface MenuPopupProps extends Pick<BaseMenu.Positioner.Props, 'anchor' | 'align' | 'side' | 'sideOffset'> {
  readonly label?: string
  readonly finalFocus: MenuProps['finalFocus']
  readonly children: ReactNode
}

/** The list itself. It is rendered within the main region, so that all content of the page is in a region. */
function MenuPopup({ label, finalFocus, children, ...position }: MenuPopupProps) {
  return (
    <BaseMenu.Portal container={document.getElementById('main')}>
      <BaseMenu.Positioner className={styles.positioner} {...position}>
        <BaseMenu.Popup className={styles.popup} aria-label={label} {...(finalFocus && { finalFocus })}>
          {children}
        </BaseMenu.Popup>
      </BaseMenu.Positioner>
    </BaseMenu.Portal>
  )
}

/**
 * A button that opens a list of actions. Make a module of each menu, and load it with `popupOnDemand`: menus are no part of
 * what is loaded first.
 */
export function Menu({ trigger, align = 'end', side = 'bottom', finalFocus, children }: MenuProps) {
  return (
    <BaseMenu.Root defaultOpen>
      <BaseMenu.Trigger render={trigger} />
      <MenuPopup align={align} side={side} sideOffset={6} finalFocus={finalFocus}>
        {children}
      </MenuPopup>
    </BaseMenu.Root>
  )
}

interface AnchoredMenuProps extends Pick<MenuProps, 'align' | 'finalFocus' | 'children'> {
  /** What it opens beside: an element, or a place such as that of the pointer. */
  readonly anchor: Element | { getBoundingClientRect(): DOMRect }
  readonly isOpen: boolean
  readonly onOpenChange: (isOpen: boolean) => void
  /** It has closed, and the focus is where it goes then. */
  readonly onClosed?: () => void
  readonly label: string
}

/** A list of actions without a button of its own: for one that many rows share, and that the right mouse button opens. */
export function AnchoredMenu({
  anchor,
  isOpen,
  onOpenChange,
  onClosed,
  label,
  align = 'start',
  finalFocus,
  children,
}: AnchoredMenuProps) {
  return (
    <BaseMenu.Root
      open={isOpen}
      onOpenChange={onOpenChange}
      onOpenChangeComplete={(isNowOpen) => !isNowOpen && onClosed?.()}
    >
      <MenuPopup anchor={anchor} align={align} sideOffset={4} label={label} finalFocus={finalFocus}>
        {children}
      </MenuPopup>
    </BaseMenu.Root>
  )
}

interface MenuItemProps {
  readonly icon?: ReactNode
  /** The keys that do the same, or a few words. */
  readonly hint?: ReactNode
  readonly isDanger?: boolean
  readonly disabled?: boolean
  /** A tooltip: why it is disabled, for example. */
  readonly title?: string
  readonly onClick?: () => void
  readonly children: ReactNode
}

export function MenuItem({ icon, hint, isDanger, disabled = false, title, onClick, children }: MenuItemProps) {
  return (
    <BaseMenu.Item
      className={styles.item}
      disabled={disabled}
      data-danger={isDanger || undefined}
      title={title}
      onClick={onClick}
    >
      {icon && <span className={styles.icon}>{icon}</span>}
      <span className={styles.label}>{children}</span>
      {hint !== undefined && <span className={styles.hint}>{hint}</span>}
    </BaseMenu.Item>
  )
}

interface MenuChoicesProps<Value extends string> {
  readonly label: string
  readonly value: Value
  readonly choices: readonly { readonly value: Value; readonly label: string; readonly hint?: ReactNode }[]
  readonly onChoose: (value: Value) => void
}

/** Items of which one is chosen. */
export function MenuChoices<Value extends string>({ label, value, choices, onChoose }: MenuChoicesProps<Value>) {
  return (
    <BaseMenu.RadioGroup value={value} onValueChange={onChoose}>
      <BaseMenu.Group>
        <BaseMenu.GroupLabel className={styles.groupLabel}>{label}</BaseMenu.GroupLabel>
        {choices.map((choice) => (
          <BaseMenu.RadioItem key={choice.value} className={styles.item} value={choice.value} closeOnClick>
            <span className={styles.icon}>
              <BaseMenu.RadioItemIndicator>
                <Check />
              </BaseMenu.RadioItemIndicator>
            </span>
            <span className={styles.label}>{choice.label}</span>
            {choice.hint !== undefined && <span className={styles.hint}>{choice.hint}</span>}
          </BaseMenu.RadioItem>
        ))}
      </BaseMenu.Group>
    </BaseMenu.RadioGroup>
  )
}

interface MenuCheckboxesProps<Value extends string> {
  readonly label: string
  readonly values: readonly Value[]
  readonly choices: readonly { readonly value: Value; readonly label: string; readonly hint?: ReactNode }[]
  readonly onChange: (values: readonly Value[]) => void
}

/** Items of which any number is chosen. The menu stays open. */
export function MenuCheckboxes<Value extends string>({ label, values, choices, onChange }: MenuCheckboxesProps<Value>) {
  const choose = (value: Value, isChosen: boolean): void =>
    onChange(isChosen ? [...values, value] : values.filter((other) => other !== value))
  return (
    <BaseMenu.Group>
      <BaseMenu.GroupLabel className={styles.groupLabel}>{label}</BaseMenu.GroupLabel>
      {choices.map(({ value, label: name, hint }) => (
        <BaseMenu.CheckboxItem
          key={value}
          className={styles.item}
          checked={values.includes(value)}
          onCheckedChange={(isChosen) => choose(value, isChosen)}
        >
          <span className={styles.icon}>
            <BaseMenu.CheckboxItemIndicator>
              <Check />
            </BaseMenu.CheckboxItemIndicator>
          </span>
          <span className={styles.label}>{name}</span>
          {hint !== undefined && <span className={styles.hint}>{hint}</span>}
        </BaseMenu.CheckboxItem>
      ))}
    </BaseMenu.Group>
  )
}
