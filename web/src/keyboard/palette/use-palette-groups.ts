import { Inbox, Keyboard, MessageSquare, Monitor, Moon, SquarePen, Sun } from 'lucide-react'
import { useMemo, useSyncExternalStore } from 'react'
import { navigate } from 'wouter/use-browser-location'
import { routes } from '../../routing/routes.ts'
import { chooseTheme } from '../../theme/theme.ts'
import { navigationEntries } from '../../routing/navigation-entries.ts'
import { strings } from '../../strings/strings.ts'
import { type Command, commandStore } from '../commands/command-store.ts'
import { showKeyboardPanel } from '../keyboard-panel.ts'
import { globalShortcuts } from '../../shortcuts/shortcut-registry.ts'
import type { PaletteGroup } from './palette-dialog.tsx'
import { useFoundChats } from './use-found-chats.ts'

const text = strings.keyboard

const goTo: readonly Command[] = [
  {
    id: 'new',
    label: text.commands.newChat,
    Icon: SquarePen,
    keys: globalShortcuts.newChat,
    run: () => navigate(routes.home),
  },
  { id: 'inbox', label: strings.inbox.title, Icon: Inbox, run: () => navigate(routes.inbox) },
  ...navigationEntries.map(({ href, label, Icon }) => ({ id: href, label, Icon, run: () => navigate(href) })),
]

const appCommands: readonly Command[] = [
  { id: 'system', label: strings.theme.system, Icon: Monitor, run: () => chooseTheme('system') },
  { id: 'light', label: strings.theme.light, Icon: Sun, run: () => chooseTheme('light') },
  { id: 'dark', label: strings.theme.dark, Icon: Moon, run: () => chooseTheme('dark') },
  {
    id: 'sheet',
    label: text.sheet,
    Icon: Keyboard,
    keys: globalShortcuts.sheet,
    run: () => showKeyboardPanel('sheet'),
  },
]

/** What the palette offers for what is typed: commands whose names have all its words, and chats. */
export function usePaletteGroups(typed: string): readonly PaletteGroup[] {
  const commands = useSyncExternalStore(commandStore.subscribe, commandStore.getSnapshot)
  const chats = useFoundChats(typed)
  return useMemo(() => {
    const chatItems = chats.map(({ id, title, snippet, path }) => ({
      id: `chat ${id}`,
      label: title,
      detail: snippet,
      Icon: MessageSquare,
      run: () => navigate(path),
    }))
    const groups = [
      { value: text.groups.goTo, items: filterCommands(goTo, typed) },
      { value: typed.trim() === '' ? text.groups.recentChats : text.groups.foundChats, items: chatItems },
      { value: text.groups.openChat, items: filterCommands(commands, typed) },
      { value: text.groups.app, items: filterCommands(appCommands, typed) },
    ]
    return groups.filter(({ items }) => items.length > 0)
  }, [commands, chats, typed])
}

function filterCommands(commands: readonly Command[], typed: string): readonly Command[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean)
  return commands.filter(({ label }) => words.every((word) => label.toLowerCase().includes(word)))
}
