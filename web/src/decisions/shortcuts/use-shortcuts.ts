import { type RefObject, useEffect, useEffectEvent } from 'react'
import { registerShortcuts } from './decision-shortcuts.ts'

/** What the keys of a card do. A key that is undefined does nothing now. */
export type Shortcuts = { readonly [key: string]: (() => void) | undefined }

/**
 * The keys of a card: they work while the focus is in the card, or while nothing has the focus and nothing was typed. Never in
 * a text field.
 */
export function useShortcuts(card: RefObject<HTMLElement | null>, shortcuts: Shortcuts, isEnabled: boolean): void {
  const handle = useEffectEvent((key: string): boolean => {
    const action = Object.hasOwn(shortcuts, key) ? shortcuts[key] : undefined
    action?.()
    return action !== undefined
  })
  useEffect(() => {
    if (!isEnabled || !card.current) return
    return registerShortcuts(card.current, (key) => handle(key))
  }, [card, isEnabled])
}
