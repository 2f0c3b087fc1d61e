import { Autocomplete } from '@base-ui/react/autocomplete'
import { Dialog } from '@base-ui/react/dialog'
import { Search } from 'lucide-react'
import { Matches } from '../../search/matches.tsx'
import type { Command } from '../commands/command-store.ts'
import { KeyNames } from '../../shortcuts/key-names.tsx'
import { showKeyboardPanel } from '../keyboard-panel.ts'
import styles from './palette-dialog.module.css'

export interface PaletteItem extends Command {
  /** A second line, such as the text around a match. */
  readonly detail?: string | null
  /** The words that are marked in the label. */
  readonly query?: string
}

export interface PaletteGroup {
  readonly value: string
  readonly items: readonly PaletteItem[]
}

interface PaletteDialogProps {
  readonly label: string
  readonly placeholder: string
  readonly typed: string
  readonly onTyped: (typed: string) => void
  readonly groups: readonly PaletteGroup[]
  /** What is said when there are no groups. Empty while nothing is known yet. */
  readonly emptyText: string
}

/** A field and what is found for what is typed in it, to choose from with the keyboard alone. */
export function PaletteDialog({ label, placeholder, typed, onTyped, groups, emptyText }: PaletteDialogProps) {
  return (
    <Dialog.Root open onOpenChange={() => showKeyboardPanel(null)}>
      <Dialog.Portal>
        <Dialog.Backdrop className={styles.backdrop} />
        <Dialog.Popup className={styles.popup} aria-label={label}>
          <Autocomplete.Root
            open
            inline
            mode="none"
            items={groups}
            value={typed}
            onValueChange={onTyped}
            itemToStringValue={({ label: name }: PaletteItem) => name}
            autoHighlight="always"
            keepHighlight
          >
            <div className={styles.field}>
              <Search aria-hidden="true" />
              <Autocomplete.Input className={styles.input} aria-label={label} placeholder={placeholder} />
            </div>
            <div className={styles.scroller}>
              <Autocomplete.Empty className={styles.empty}>{groups.length === 0 && emptyText}</Autocomplete.Empty>
              <Autocomplete.List className={styles.list}>
                {(group: PaletteGroup) => <Group key={group.value} group={group} />}
              </Autocomplete.List>
            </div>
          </Autocomplete.Root>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function Group({ group }: { readonly group: PaletteGroup }) {
  return (
    <Autocomplete.Group items={group.items} className={styles.group}>
      <Autocomplete.GroupLabel className={styles.groupLabel}>{group.value}</Autocomplete.GroupLabel>
      <Autocomplete.Collection>{(item: PaletteItem) => <Item key={item.id} item={item} />}</Autocomplete.Collection>
    </Autocomplete.Group>
  )
}

function Item({ item }: { readonly item: PaletteItem }) {
  const { label, detail, query, Icon, keys, run } = item
  const choose = (): void => {
    showKeyboardPanel(null)
    // Once the focus is where it was before: some commands put it elsewhere, or open a panel of their own.
    setTimeout(run, 0)
  }
  return (
    <Autocomplete.Item value={item} className={styles.item} onClick={choose}>
      <span className={styles.icon} aria-hidden="true">
        {Icon && <Icon />}
      </span>
      <span className={styles.text}>
        <span className={styles.label}>{query === undefined ? label : <Matches text={label} query={query} />}</span>
        {detail && <span className={styles.detail}>{detail}</span>}
      </span>
      {keys && <KeyNames keys={keys} />}
    </Autocomplete.Item>
  )
}
