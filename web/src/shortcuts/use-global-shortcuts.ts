import { useEffect, useEffectEvent } from 'react'
import { type GlobalShortcut, globalShortcuts } from './shortcut-registry.ts'
import { matchesShortcut } from './shortcut-keys.ts'

/** What shortcuts do while a component is shown. One that is undefined does nothing now. */
export function useGlobalShortcuts(actions: { readonly [Name in GlobalShortcut]?: (() => void) | undefined }): void {
  const onKeyDown = useEffectEvent((event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing || event.repeat) return
    const name = shortcutNames.find((each) => matchesShortcut(event, globalShortcuts[each]))
    const action = name && actions[name]
    if (!action || (globalShortcuts[name].length === 1 && isTypedIn(event.target))) return
    event.preventDefault()
    action()
  })
  useEffect(() => {
    const handle = (event: KeyboardEvent): void => onKeyDown(event)
    document.addEventListener('keydown', handle)
    return () => document.removeEventListener('keydown', handle)
  }, [])
}

const shortcutNames = Object.keys(globalShortcuts).filter((name): name is GlobalShortcut => name in globalShortcuts)

function isTypedIn(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || target.matches('input:not([type=radio], [type=checkbox]), textarea, select')
}
