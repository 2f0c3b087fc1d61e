import { expect, test } from 'vitest'
import { truncate } from '../../../../src/lib/text/truncate.ts'

test('a text that fits stays as it is', () => {
  expect(truncate('', 3)).toBe('')
  expect(truncate('abc', 3)).toBe('abc')
})

test('a text that is too long ends with an ellipsis and has exactly the maximum length', () => {
  expect(truncate('abcd', 3)).toBe('ab…')
  expect(truncate('x'.repeat(1000), 500)).toHaveLength(500)
})

test('a surrogate pair is never split', () => {
  expect(truncate('ab😀cd', 4)).toBe('ab…')
  expect(truncate('ab😀cd', 5)).toBe('ab😀…')
  expect(truncate('\ud83dabcd', 3)).toBe('\ufffda…')
})
