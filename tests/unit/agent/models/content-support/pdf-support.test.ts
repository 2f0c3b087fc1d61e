import { expect, test } from 'vitest'
import { parseModelListEntries } from '../../../../../src/agent/models/parse-model-list.ts'
import { findPdfSupport } from '../../../../../src/agent/models/content-support/pdf-support.ts'
import type { ProviderType } from '../../../../../src/config/profile/provider.ts'
import { defaultDialect } from '../../../../../src/agent/providers/dialect.ts'

test.each<[ProviderType, string, boolean]>([
  ['anthropic', 'claude-sonnet-4-5', true],
  ['anthropic', 'anthropic/claude-3-5-haiku', true],
  ['anthropic', 'claude-2.1', false],
  ['anthropic', 'deepseek-chat', false],
  ['openai', 'gpt-5.1', true],
  ['openai', 'gpt-3.5-turbo', false],
  ['openai', 'o1-mini', false],
  ['openai-compatible', 'gpt-5.1', false],
  ['azure', 'gpt-5.1', false],
])('at a provider of the type %s, %s reads PDFs: %s', (type, name, isSupported) => {
  expect(findPdfSupport(type, defaultDialect, { name, isListed: false }) !== null).toBe(isSupported)
})

test('a model of any name reads PDFs if the list of its provider says so', () => {
  const lists = [
    { id: 'a', architecture: { input_modalities: ['text', 'image', 'file'] } },
    { id: 'a', input_modalities: ['pdf'] },
    { id: 'a', input_modalities: ['text', 'image'] },
  ]
  const listed = parseModelListEntries(lists).map(({ supportsPdfs }) => supportsPdfs)
  expect(listed).toEqual([true, true, null])
  expect(findPdfSupport('openai-compatible', defaultDialect, { name: 'a', isListed: true })).toEqual({
    ...{ maxPages: 100, maxBytes: 20 * 1024 * 1024 },
  })
})
