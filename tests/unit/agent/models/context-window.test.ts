import { expect, test } from 'vitest'
import { guessContextWindow } from '../../../../src/agent/models/context-window.ts'

test.each([
  ['gpt-4.1', 1_047_576],
  ['gpt-4.1-mini', 1_047_576],
  ['gpt-5.1', 272_000],
  ['gpt-5-chat-latest', 128_000],
  ['o3-mini', 200_000],
  ['o1-mini', 128_000],
  ['gpt-4o-2024-08-06', 128_000],
  ['chatgpt-4o-latest', 128_000],
  ['gpt-4-turbo', 128_000],
  ['gpt-4-1106-preview', 128_000],
  ['gpt-4.5-preview', 128_000],
  ['gpt-4', 8192],
  ['gpt-4-0613', 8192],
  ['gpt-4-32k', 32_768],
  ['gpt-3.5-turbo', 16_385],
  ['ft:gpt-3.5-turbo:mine', 16_385],
  ['claude-sonnet-4-5', 200_000],
  ['anthropic/claude-3.5-haiku', 200_000],
  ['us.anthropic.claude-opus-4-1', 200_000],
  ['Google/Gemini-2.5-pro', 1_048_576],
])('the context window of %s has %i tokens', (name, window) => {
  expect(guessContextWindow(name)).toBe(window)
})

test.each(['', 'llama3.2:3b', 'mistral/large', 'my-gpt-4', 'not-o1'])(
  'the context window of the unknown model %j has 128,000 tokens',
  (name) => {
    expect(guessContextWindow(name)).toBe(128_000)
  },
)
