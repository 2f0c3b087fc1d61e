import styles from './key-names.module.css'
import { listKeyNames, type ShortcutKeys } from './shortcut-keys.ts'

/** The keys of a shortcut, as they are printed on them. */
export function KeyNames({ keys }: { readonly keys: ShortcutKeys }) {
  return (
    <span className={styles.keys}>
      {listKeyNames(keys).map((name) => (
        <kbd key={name} className={styles.key}>
          {name}
        </kbd>
      ))}
    </span>
  )
}
