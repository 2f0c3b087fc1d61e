import { expect, test } from 'vitest'
import { toShownTitle } from '../../src/conversations/conversation-title.ts'

test('A title cannot turn around the text behind it; what is written from right to left stays', () => {
  expect(toShownTitle({ title: '\u202Egnp.exe \u2067x' })).toBe('gnp.exe x')
  expect(toShownTitle({ title: 'مرحبا 👩‍👩‍👧‍👦' })).toBe('مرحبا 👩‍👩‍👧‍👦')
})
