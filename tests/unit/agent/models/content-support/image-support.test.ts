import { expect, test } from 'vitest'
import { selectDialect } from '../../../../../src/agent/providers/select-dialect.ts'
import { findToolImageSupport } from '../../../../../src/agent/models/content-support/image-support.ts'

const local = 'http://127.0.0.1:4000/v1'

test('Anthropic’s format has a place for images in results, whatever the server', () => {
  for (const baseURL of [null, local]) {
    const support = findToolImageSupport('anthropic', selectDialect({ type: 'anthropic', baseURL }), {
      name: 'claude-x',
      isKnown: false,
    })
    expect(support).toMatchObject({ placement: 'in-result', mediaTypes: expect.arrayContaining(['image/png']) })
  }
})

test.each([
  ['openai', null, 'gpt-5.1', 'after-results'],
  ['openai', null, 'gpt-4o-mini', 'after-results'],
  ['openai', null, 'o3-mini', 'none'],
  ['openai', null, 'gpt-3.5-turbo', 'none'],
  ['openai', local, 'gpt-5.1', 'none'],
  ['openai-compatible', 'https://openrouter.ai/api/v1', 'google/gemini-3-pro', 'after-results'],
  ['openai-compatible', 'https://openrouter.ai/api/v1', 'meta/llama-3-8b', 'none'],
  ['openai-compatible', 'https://generativelanguage.googleapis.com/v1beta/openai', 'gemini-3-pro', 'after-results'],
  ['openai-compatible', local, 'llama', 'none'],
] as const)(
  'in chat completions, images follow the results where they are accepted for sure: %s %s %s: %s',
  (...row) => {
    const [type, baseURL, name, placement] = row
    const dialect = selectDialect({ type, baseURL })
    expect(findToolImageSupport(type, dialect, { name, isKnown: false }).placement).toBe(placement)
    expect(findToolImageSupport(type, dialect, { name, isKnown: true }).placement).toBe('after-results')
  },
)
