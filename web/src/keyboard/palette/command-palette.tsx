import { Autocomplete } from '@base-ui/react/autocomplete'
import { Dialog } from '@base-ui/react/dialog'
import { Search } from 'lucide-react'
import { useState } from 'react'
import { strings } from '../../strings/strings.ts'
import { KeyNames } from '../key-names.tsx'
import { showKeyboardPanel } from '../keyboard-panel.ts'
import styles from './command-palette.module.css'
import { type PaletteGroup, type PaletteItem, usePaletteGroups } from './use-palette-groups.ts'

const text = strings.keyboard

/** Finds what can be done and every chat by typing, with the keyboard alone. */
export default function CommandPalette() {
  const [typed, setTyped] = useState('')
  const groups = usePaletteGroups(typed)
  return (
    <Dialog.Root open onOpenChange={() => showKeyboardPanel(null)}>
      <Dialog.Portal>
        <Dialog.Backdrop className={styles.backdrop} />
        <Dialog.Popup className={styles.popup} aria-label={text.palette}>
          <Autocomplete.Root
            open
            inline
            mode="none"
            items={groups}
            value={typed}
            onValueChange={setTyped}
            itemToStringValue={({ label }: PaletteItem) => label}
            autoHighlight="always"
            keepHighlight
          >
            <div className={styles.field}>
              <Search aria-hidden="true" />
              <Autocomplete.Input className={styles.input} aria-label={text.palette} placeholder={text.placeholder} />
            </div>
            <div className={styles.scroller}>
              <Autocomplete.Empty className={styles.empty}>
                {groups.length === 0 && text.nothingFound}
              </Autocomplete.Empty>
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
  const { label, detail, Icon, keys, run } = item
  const choose = (): void => {
    // First, because some commands open a panel of their own.
    showKeyboardPanel(null)
    run()
  }
  return (
    <Autocomplete.Item value={item} className={styles.item} onClick={choose}>
      <span className={styles.icon} aria-hidden="true">
        {Icon && <Icon />}
      </span>
      <span className={styles.text}>
        <span className={styles.label}>{label}</span>
        {detail && <span className={styles.detail}>{detail}</span>}
      </span>
      {keys && <KeyNames keys={keys} />}
    </Autocomplete.Item>
  )
}
