import { describe, expect, test } from 'vitest'
import { newTestSettings } from '../../../support/config/test-settings.ts'

const { config, read, readProblems, writeConfig } = newTestSettings()

describe('a provider', () => {
  test('has its key from the environment or from config.json, or no key', () => {
    writeConfig({
      model: 'local/test',
      providers: {
        local: {
          type: 'openai-compatible',
          baseURL: 'http://127.0.0.1:9999/v1',
          apiKeyEnv: 'LOCAL_KEY',
          models: ['test'],
        },
        claude: { type: 'anthropic', apiKey: 'literal' },
        open: { type: 'openai' },
      },
    })
    expect(read([], { LOCAL_KEY: 'secret' })).toMatchObject({
      model: 'local/test',
      warnings: [],
      providers: [
        {
          name: 'local',
          type: 'openai-compatible',
          baseURL: 'http://127.0.0.1:9999/v1',
          apiKey: 'secret',
          models: ['test'],
        },
        { name: 'claude', type: 'anthropic', baseURL: null, apiKey: 'literal', models: null },
        { name: 'open', type: 'openai', baseURL: null, apiKey: null, models: null },
      ],
    })
  })

  test('has no key if its variable is unset or empty, which causes a warning', () => {
    writeConfig({ providers: { local: { type: 'openai', apiKeyEnv: 'LOCAL_KEY' } } })
    for (const env of [{}, { LOCAL_KEY: '' }]) {
      const { providers, warnings } = read([], env)
      expect(providers?.[0]?.apiKey).toBeNull()
      expect(warnings).toEqual([
        `${config}: providers.local.apiKeyEnv: Environment variable LOCAL_KEY is not set. Requests are sent without a key.`,
      ])
    }
  })

  test.each(['openai/gpt', 'anthropic/claude', 'ollama/llama3:8b', 'ollama/a/b', 'offline/eliza'])(
    'need not be configured for the model %s',
    (model) => {
      expect(read(['--model', model]).model).toBe(model)
    },
  )

  test.each(['gpt', '/gpt', 'openai/', 'other/gpt', 'offline/parry'])(
    'must exist for the model %s, even if none is configured',
    (model) => {
      expect(readProblems(['--model', model])).toEqual([expect.stringMatching(/^--model: (Invalid|Unknown) .*"/)])
    },
  )

  test('must be configured for a model, except offline, if any provider is configured', () => {
    writeConfig({ providers: { local: { type: 'openai', models: ['test'] }, open: { type: 'openai' } } })
    for (const model of ['local/test', 'open/anything', 'offline/eliza'])
      expect(read(['--model', model]).model).toBe(model)
    expect(readProblems(['--model', 'openai/gpt'])).toEqual([
      '--model: Unknown provider in model "openai/gpt". Configured providers: local, open, offline.',
    ])
    expect(readProblems([], { SEGUE_MODEL: 'local/other' })).toEqual([
      'SEGUE_MODEL: Unknown model "local/other". Models of this provider: local/test.',
    ])
  })

  test('may have a context window from 256 tokens on', () => {
    const configure = (contextWindow: number) =>
      writeConfig({ providers: { local: { type: 'openai', models: ['test'], contextWindow } } })
    configure(256)
    expect(read().providers?.[0]?.contextWindow).toBe(256)
    configure(255)
    expect(readProblems()).toEqual([expect.stringContaining('providers.local.contextWindow')])
  })
})
