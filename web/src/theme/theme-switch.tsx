import { Monitor, Moon, Sun } from 'lucide-react'
import { IconButton } from '../components/buttons/icon-button.tsx'
import { strings } from '../strings/strings.ts'
import { chooseTheme, type Theme, useTheme } from './theme.ts'

const nextThemes = { system: 'light', light: 'dark', dark: 'system' } as const satisfies Record<Theme, Theme>
const icons = { system: Monitor, light: Sun, dark: Moon }

/** Goes from the theme of the system to light, to dark, and back. */
export function ThemeSwitch() {
  const theme = useTheme()
  const Icon = icons[theme]
  return (
    <IconButton label={strings.theme[theme]} onClick={() => chooseTheme(nextThemes[theme])}>
      <Icon />
    </IconButton>
  )
}
