import { expect, test } from 'vitest'
import { type Effort, normalizeEfforts, selectEffort } from '../../../src/model/answer-settings/effort.ts'

const usual: readonly Effort[] = ['low', 'medium', 'high']

test.each([
  ['high', usual, 'high'],
  ['max', usual, 'high'],
  ['xhigh', ['low', 'max'], 'low'],
  ['minimal', usual, null],
  ['medium', ['none', 'high'], null],
  ['none', ['none', 'high'], 'none'],
  ['none', usual, null],
  ['medium', [], null],
  ['turbo', usual, null],
  [null, usual, null],
  [undefined, usual, null],
] satisfies [string | null | undefined, readonly Effort[], Effort | null][])(
  'Of the stored effort %s, a model with %j is asked for %s',
  (effort, efforts, expected) => {
    expect(selectEffort(effort, efforts)).toBe(expected)
  },
)

test('Efforts are listed least first, each once, without what is none', () => {
  expect(normalizeEfforts(['Max', 'low', 'none', 'low', ' high ', 'auto'])).toEqual(['none', 'low', 'high', 'max'])
})
