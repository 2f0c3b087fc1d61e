import { expect, test } from 'vitest'
import { listKeyNames, matchesShortcut, toAriaKeyShortcuts } from '../../src/shortcuts/shortcut-keys.ts'

const none = { ctrlKey: false, metaKey: false, shiftKey: false, altKey: false }

test('Mod is Ctrl, and the command key on devices of Apple', () => {
  const ctrlK = { ...none, key: 'k', ctrlKey: true }
  const metaK = { ...none, key: 'k', metaKey: true }
  expect(matchesShortcut(ctrlK, 'Mod+K', false)).toBe(true)
  expect(matchesShortcut(metaK, 'Mod+K', false)).toBe(false)
  expect(matchesShortcut(metaK, 'Mod+K', true)).toBe(true)
  expect(matchesShortcut(ctrlK, 'Mod+K', true)).toBe(false)
  expect([toAriaKeyShortcuts('Mod+K', false), toAriaKeyShortcuts('Mod+K', true)]).toEqual(['Control+K', 'Meta+K'])
})

test('other modifiers are other shortcuts', () => {
  expect(matchesShortcut({ ...none, key: 'K', ctrlKey: true, shiftKey: true }, 'Mod+K', false)).toBe(false)
  expect(matchesShortcut({ ...none, key: 'O', ctrlKey: true, shiftKey: true }, 'Mod+Shift+O', false)).toBe(true)
  expect(matchesShortcut({ ...none, key: 'k', ctrlKey: true, altKey: true }, 'Mod+K', false)).toBe(false)
  expect(matchesShortcut({ ...none, key: '/', ctrlKey: true }, '/', false)).toBe(false)
})

test('a character matches with and without Shift, as keyboards differ', () => {
  expect(matchesShortcut({ ...none, key: '?', shiftKey: true }, '?')).toBe(true)
  expect(matchesShortcut({ ...none, key: '?' }, '?')).toBe(true)
})

test('keys are named as they are printed', () => {
  expect(listKeyNames('Mod+Shift+O', false)).toEqual(['Ctrl', 'Shift', 'O'])
  expect(listKeyNames('Mod+Shift+O', true)).toEqual(['⌘', '⇧', 'O'])
})
