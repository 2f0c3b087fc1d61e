import styles from './shortcut-key.module.css'

/** The key that presses a button, shown in it. Screen readers are told by `aria-keyshortcuts` of the button. */
export function ShortcutKey({ children }: { readonly children: string }) {
  return (
    <kbd className={styles.key} aria-hidden="true">
      {children}
    </kbd>
  )
}
