import { strings } from '../strings/strings.ts'
import type { ShortcutKeys } from './shortcut-keys.ts'

const text = strings.keyboard.shortcuts

/** The shortcuts that work wherever the focus is. Those of single characters do not work in text fields. */
export const globalShortcuts = {
  palette: 'Mod+K',
  sheet: '?',
  newChat: 'Mod+Shift+O',
  compose: '/',
  stop: 'Mod+.',
  find: 'Mod+F',
} as const satisfies Readonly<Record<string, ShortcutKeys>>

/** What answers the card that waits on the page, also while somebody writes. */
export const cardShortcuts = { allow: 'Mod+Shift+A', deny: 'Mod+Shift+D' } as const satisfies Readonly<
  Record<string, ShortcutKeys>
>

export type GlobalShortcut = keyof typeof globalShortcuts

export interface ShortcutGroup {
  readonly title: string
  readonly shortcuts: readonly { readonly keys: readonly ShortcutKeys[]; readonly label: string }[]
}

/** All shortcuts of the app, also those that its parts handle themselves: what the sheet shows. */
export const shortcutGroups: readonly ShortcutGroup[] = [
  {
    title: strings.keyboard.groups.everywhere,
    shortcuts: [
      { keys: [globalShortcuts.palette], label: text.palette },
      { keys: [globalShortcuts.newChat], label: text.newChat },
      { keys: [globalShortcuts.find], label: text.find },
      { keys: [globalShortcuts.compose], label: text.compose },
      { keys: [globalShortcuts.stop], label: text.stop },
      { keys: [globalShortcuts.sheet], label: text.sheet },
      { keys: ['Esc'], label: text.close },
    ],
  },
  {
    title: strings.keyboard.groups.message,
    shortcuts: [
      { keys: ['Enter'], label: text.send },
      { keys: ['Shift+Enter'], label: text.newLine },
      { keys: ['Mod+Enter'], label: text.sendOther },
      { keys: ['Mod+Shift+Enter'], label: text.interrupt },
    ],
  },
  {
    title: strings.keyboard.groups.chats,
    shortcuts: [
      { keys: ['↑', '↓'], label: text.row },
      { keys: ['Home', 'End'], label: text.firstRow },
      { keys: ['F2'], label: text.rename },
    ],
  },
  {
    title: strings.keyboard.groups.decisions,
    shortcuts: [
      { keys: ['A'], label: text.once },
      { keys: ['S'], label: text.session },
      { keys: ['L'], label: text.always },
      { keys: ['D'], label: text.deny },
      { keys: ['E'], label: text.edit },
      { keys: ['N'], label: text.note },
      { keys: ['1', '2', '3'], label: text.choice },
      { keys: [cardShortcuts.allow], label: text.allowAnywhere },
      { keys: [cardShortcuts.deny], label: text.denyAnywhere },
    ],
  },
]
