import { Dialog } from '../../components/popups/dialog.tsx'
import { strings } from '../../strings/strings.ts'
import { KeyNames } from '../../shortcuts/key-names.tsx'
import { showKeyboardPanel } from '../keyboard-panel.ts'
import { shortcutGroups } from '../../shortcuts/shortcut-registry.ts'
import styles from './shortcut-sheet.module.css'

/** All shortcuts of the app. */
export default function ShortcutSheet() {
  return (
    <Dialog isOpen title={strings.keyboard.sheet} onOpenChange={() => showKeyboardPanel(null)}>
      <div className={styles.groups}>
        {shortcutGroups.map(({ title, shortcuts }) => (
          <section key={title} aria-label={title}>
            <h3 className={styles.title}>{title}</h3>
            <dl className={styles.list}>
              {shortcuts.map(({ keys, label }) => (
                <div key={label} className={styles.row}>
                  <dt>{label}</dt>
                  <dd className={styles.keys}>
                    {keys.map((each) => (
                      <KeyNames key={each} keys={each} />
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  )
}
