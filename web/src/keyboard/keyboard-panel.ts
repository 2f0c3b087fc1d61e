import { useSyncExternalStore } from 'react'

/** The command palette, the search in the open chat, or the sheet of all shortcuts. */
export type KeyboardPanel = 'palette' | 'find' | 'sheet'

const listeners = new Set<() => void>()
let shown: KeyboardPanel | null = null

/** Opens a panel in place of the other one. Null closes it. */
export function showKeyboardPanel(panel: KeyboardPanel | null): void {
  shown = panel
  for (const listener of listeners) listener()
}

export function useKeyboardPanel(): KeyboardPanel | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    () => shown,
  )
}
