import { lazy, Suspense } from 'react'
import { navigate } from 'wouter/use-browser-location'
import { routes, useChatRoute } from '../routing/routes.ts'
import { focusComposer } from '../shortcuts/focus-composer.ts'
import { useConversationCommands } from './commands/use-conversation-commands.ts'
import { showKeyboardPanel, useKeyboardPanel } from './keyboard-panel.ts'
import { useGlobalShortcuts } from '../shortcuts/use-global-shortcuts.ts'
import { loadPatiently } from '../components/errors/load-patiently.ts'

const panels = {
  palette: lazy(loadPatiently(() => import('./palette/command-palette.tsx'))),
  find: lazy(loadPatiently(() => import('./find/find-in-chat.tsx'))),
  sheet: lazy(loadPatiently(() => import('./sheet/shortcut-sheet.tsx'))),
}

/** The shortcuts that work everywhere, the command palette, the search in a chat, and the sheet of all shortcuts. */
export function Keyboard() {
  const panel = useKeyboardPanel()
  const isChatOpen = (useChatRoute()?.sessionId ?? null) !== null
  useConversationCommands()
  useGlobalShortcuts({
    palette: () => showKeyboardPanel(panel === 'palette' ? null : 'palette'),
    sheet: () => showKeyboardPanel('sheet'),
    newChat: () => {
      showKeyboardPanel(null)
      navigate(routes.home)
    },
    // A second time, it is the search of the browser, which finds in what is shown.
    find: isChatOpen && panel === null ? () => showKeyboardPanel('find') : undefined,
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
