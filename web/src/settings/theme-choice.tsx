import { chooseTheme, type Theme, useTheme } from '../theme/theme.ts'
import { strings } from '../strings/strings.ts'
import { Section } from './section.tsx'
import styles from './settings.module.css'

const themes = ['system', 'light', 'dark'] as const satisfies readonly Theme[]

/** Light or dark. */
export function ThemeChoice() {
  const text = strings.settingsView.theme
  const theme = useTheme()
  return (
    <Section title={text.title}>
      <fieldset className={styles.choices}>
        <legend className="visually-hidden">{text.title}</legend>
        {themes.map((each) => (
          <label key={each} className={styles.choice}>
            <input type="radio" name="theme" checked={theme === each} onChange={() => chooseTheme(each)} />
            {text.names[each]}
          </label>
        ))}
      </fieldset>
    </Section>
  )
}
