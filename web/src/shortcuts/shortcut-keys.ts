/** The keys of a shortcut, joined by `+`, such as `Mod+Shift+O`. `Mod` is the command key on Apple's devices, else Ctrl. */
export type ShortcutKeys = string

type PressedKeys = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'>

const isApple = /mac|iphone|ipad/i.test(globalThis.navigator?.userAgent ?? '')

/** Whether these keys, and no others, were pressed. */
export function matchesShortcut(pressed: PressedKeys, keys: ShortcutKeys, onApple = isApple): boolean {
  const names = keys.split('+')
  const key = names.at(-1)?.toLowerCase() ?? ''
  const hasMod = names.includes('Mod')
  // A character such as ? needs Shift on some keyboards, and on others not.
  const isShiftFree = key.length === 1 && key.toLowerCase() === key.toUpperCase()
  return (
    pressed.key.toLowerCase() === key &&
    pressed.metaKey === (hasMod && onApple) &&
    pressed.ctrlKey === ((hasMod && !onApple) || names.includes('Ctrl')) &&
    pressed.altKey === names.includes('Alt') &&
    (isShiftFree || pressed.shiftKey === names.includes('Shift'))
  )
}

const appleNames: Readonly<Record<string, string>> = { Mod: '⌘', Shift: '⇧', Alt: '⌥', Enter: '↩' }

/** The names of the keys, as they are printed on them. */
export function listKeyNames(keys: ShortcutKeys, onApple = isApple): readonly string[] {
  return keys.split('+').map((name) => (onApple ? (appleNames[name] ?? name) : name === 'Mod' ? 'Ctrl' : name))
}

/** For `aria-keyshortcuts`. */
export function toAriaKeyShortcuts(keys: ShortcutKeys, onApple = isApple): string {
  return keys.replace('Mod', onApple ? 'Meta' : 'Control')
}
