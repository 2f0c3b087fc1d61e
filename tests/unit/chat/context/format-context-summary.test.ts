import { expect, test } from 'vitest'
import { formatContextSummary } from '../../../../src/chat/context/format-context-summary.ts'

test('a summary is introduced as what was said before', () => {
  expect(formatContextSummary({ text: 'They spoke of trees.', quotes: [] })).toBe(
    'This chat goes on from an earlier one. What was said there, in short:\n\nThey spoke of trees.',
  )
})

test('quotes follow the summary, each line marked as quoted', () => {
  const quotes = [
    { messageId: 'a', text: 'Never delete anything.\n\nNot even logs.' },
    { messageId: 'b', text: 'Lone \ud83d' },
  ]
  expect(formatContextSummary({ text: 'Trees.', quotes })).toBe(
    [
      'This chat goes on from an earlier one. What was said there, in short:',
      'Trees.',
      'What the user said there, word for word:',
      '> Never delete anything.\n> \n> Not even logs.',
      '> Lone \ufffd',
    ].join('\n\n'),
  )
})
