import { lazy, Suspense } from 'react'
import { navigate } from 'wouter/use-browser-location'
import { routes } from '../app/routes.ts'
import { focusComposer } from '../chat/composer/focus-composer.ts'
import { useConversationCommands } from './commands/use-conversation-commands.ts'
import { showKeyboardPanel, useKeyboardPanel } from './keyboard-panel.ts'
import { useGlobalShortcuts } from './use-global-shortcuts.ts'
import { loadPatiently } from '../components/errors/load-patiently.ts'

const panels = {
  palette: lazy(loadPatiently(() => import('./palette/command-palette.tsx'))),
  sheet: lazy(loadPatiently(() => import('./sheet/shortcut-sheet.tsx'))),
}

/** The shortcuts that work everywhere, the command palette, and the sheet of all shortcuts. */
export function Keyboard() {
  const panel = useKeyboardPanel()
  useConversationCommands()
  useGlobalShortcuts({
    palette: () => showKeyboardPanel(panel === 'palette' ? null : 'palette'),
    sheet: () => showKeyboardPanel('sheet'),
    newChat: () => {
      showKeyboardPanel(null)
      navigate(routes.home)
    },
    compose: panel === null ? focusComposer : undefined,
  })
  const Panel = panel && panels[panel]
  return (
    Panel && (
      <Suspense>
        <Panel />
      </Suspense>
    )
  )
}
