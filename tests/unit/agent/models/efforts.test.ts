import { describe, expect, test } from 'vitest'
import { findKnownEfforts } from '../../../../src/agent/models/efforts/known-efforts.ts'
import { parseListedEfforts } from '../../../../src/agent/models/efforts/parse-listed-efforts.ts'
import { findConfiguredEfforts, parseProviderEfforts } from '../../../../src/config/profile/provider-efforts.ts'

describe('The efforts that a family of models takes', () => {
  test.each([
    ['gpt-5', 'minimal low medium high'],
    ['gpt-5-mini-2025-08-07', 'minimal low medium high'],
    ['gpt-5-chat-latest', ''],
    ['gpt-5-pro', 'high'],
    ['gpt-5.1', 'none low medium high'],
    ['gpt-5.1-codex', 'low medium high'],
    ['gpt-5.1-codex-max', 'low medium high xhigh'],
    ['gpt-5.2', 'none low medium high xhigh'],
    ['openai/gpt-5.4-mini', 'none low medium high xhigh'],
    ['openai/gpt-oss-120b', 'low medium high'],
    ['gpt-4.1', ''],
    ['o3-mini', 'low medium high'],
    ['claude-3-5-haiku-latest', ''],
    ['claude-3-7-sonnet-20250219', 'low medium high'],
    ['claude-sonnet-4-20250514', 'low medium high'],
    ['claude-opus-4-5', 'low medium high'],
    ['anthropic/claude-opus-4.6', 'low medium high max'],
    ['anthropic.claude-opus-4-7', 'low medium high xhigh max'],
    ['claude-sonnet-5', 'low medium high xhigh max'],
    ['gemini-2.0-flash', ''],
    ['models/gemini-2.5-flash', 'none low medium high'],
    ['gemini-3-pro-preview', 'low high'],
    ['gemini-3-flash-preview', 'minimal low medium high'],
    ['deepseek-chat', ''],
    ['deepseek-v4-flash', 'low high max'],
    ['mistral-medium-3-5', 'none high'],
    ['mistral-large-latest', ''],
    ['grok-3-mini', 'low high'],
    ['grok-4', ''],
    ['grok-4.3', 'none low medium high'],
  ])('%s: %s', (name, efforts) => {
    expect(findKnownEfforts(name)?.join(' ')).toBe(efforts)
  })

  test('at Groq, Qwen 3 reasons by default, or not at all', () => {
    expect(findKnownEfforts('qwen/qwen3-32b', 'groq')).toEqual(['none'])
    expect(findKnownEfforts('openai/gpt-oss-120b', 'groq')).toEqual(['low', 'medium', 'high'])
    expect(findKnownEfforts('llama-3.3-70b', 'groq')).toBeNull()
  })

  test.each(['qwen3-32b', 'llama-3.3-70b', 'my-model'])('%s: not known', (name) => {
    expect(findKnownEfforts(name)).toBeNull()
  })
})

describe('The efforts that a list of models names', () => {
  test.each([
    [
      'OpenRouter',
      { reasoning: { mandatory: false, supported_efforts: ['xhigh', 'high', null, 'low'] } },
      'low high xhigh',
    ],
    [
      'OpenRouter, any',
      { reasoning: { mandatory: true, supported_efforts: null } },
      'minimal low medium high xhigh max',
    ],
    ['OpenRouter, none', { supported_parameters: ['tools', 'temperature'] }, ''],
    ['Hyperstack', { supported_reasoning_efforts: ['medium', 'low'] }, 'low medium'],
    ['GitHub', { capabilities: { supports: { reasoning_effort: ['low', 'high'] } } }, 'low high'],
    [
      'Anthropic',
      {
        capabilities: {
          effort: { supported: true, low: { supported: true }, max: { supported: true }, high: { supported: false } },
        },
      },
      'low max',
    ],
  ])('%s', (_, entry, efforts) => {
    expect(parseListedEfforts(entry)?.join(' ')).toBe(efforts)
  })

  test.each([
    [{ id: 'm' }],
    [{ supported_parameters: ['reasoning', 'tools'] }],
    [{ capabilities: ['completion'] }],
    [{ reasoning: true, supported_reasoning_efforts: 'high', capabilities: { effort: 3 } }],
    [{ capabilities: { effort: { supported: false, low: { supported: false } } } }],
    [null],
  ])('%j: nothing', (entry) => {
    expect(parseListedEfforts(entry)).toBeNull()
  })
})

describe('The efforts in config.json', () => {
  test('are a list for all models of a provider, or lists by patterns of names', () => {
    const all = parseProviderEfforts(['high', 'low'])
    expect(all && findConfiguredEfforts(all, 'm')).toEqual(['low', 'high'])
    const some = parseProviderEfforts({ 'qwen*': ['none', 'high'], 'qwen-old': [] }) ?? []
    expect(findConfiguredEfforts(some, 'qwen3')).toEqual(['none', 'high'])
    expect(findConfiguredEfforts(some, 'qwen-old')).toEqual([])
    expect(findConfiguredEfforts(some, 'llama')).toBeNull()
  })

  test.each([['high'], [['extreme']], [{ m: 'high' }], [3], [null]])('are ignored if they are %j', (value) => {
    expect(parseProviderEfforts(value)).toBeNull()
  })
})
