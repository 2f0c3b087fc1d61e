import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readProfileSettings } from '../../../../src/config/profile/profile-settings.ts'
import { SettingsError } from '../../../../src/config/settings-error.ts'
import { newTempFolder } from '../../../support/server/segue.ts'

let home: string

beforeEach(() => {
  home = newTempFolder()
})

afterEach(() => rmSync(home, { recursive: true, force: true }))

function catchSettingsError(task: () => unknown): SettingsError {
  try {
    task()
  } catch (error) {
    if (error instanceof SettingsError) return error
    throw error
  }
  throw new Error('No SettingsError was thrown.')
}

const env = {
  SEGUE_MODEL: 'openai/gpt-5.1',
  OPENAI_API_KEY: 'sk-env',
  ANTHROPIC_API_KEY: 'sk-ant',
  WORK_KEY: 'sk-work',
  PATH: '/bin',
}

/** The settings of a profile with this config.json, or without one. */
function readSettings(config?: unknown) {
  if (config !== undefined) writeFileSync(join(home, 'config.json'), JSON.stringify(config), { mode: 0o600 })
  return readProfileSettings({ env, homedir: '/home/me', home })
}

const defaults = {
  model: null,
  providers: [],
  mcpServers: [],
  approvals: {},
  generateTitles: true,
  offersClarify: true,
  autoCompactThreshold: 0.8,
  prices: {},
  budgets: { answer: null, day: null },
  warnings: [],
}

describe("a named profile's settings", () => {
  test('are the defaults without a config.json, whatever the environment contains', () => {
    expect(readSettings()).toEqual(defaults)
    expect(readSettings({})).toEqual(defaults)
  })

  test('contain only the environment variables that their config.json names', () => {
    const { providers, mcpServers, warnings } = readSettings({
      providers: {
        keyed: { type: 'openai', apiKeyEnv: 'WORK_KEY' },
        keyless: { type: 'openai' },
        unset: { type: 'anthropic', apiKeyEnv: 'NOT_SET' },
      },
      mcpServers: { files: { command: 'files', env: { TOKEN: '${WORK_KEY}' } } },
    })
    expect(providers.map(({ name, apiKey }) => [name, apiKey])).toEqual([
      ['keyed', 'sk-work'],
      ['keyless', null],
      ['unset', null],
    ])
    expect(mcpServers).toMatchObject([{ env: { TOKEN: 'sk-work', PATH: '/bin' }, cwd: home }])
    expect(JSON.stringify([providers, mcpServers])).not.toMatch(/sk-env|sk-ant/)
    expect(warnings).toEqual([expect.stringContaining('NOT_SET')])
  })

  test.each([
    [{ model: 'openai/gpt-5.1' }, 'model'],
    [{ model: 'local/test', providers: { other: { type: 'openai' } } }, 'model'],
    [{ port: 4000 }, 'port: Unknown key. Allowed keys: model, providers,'],
    [{ hermesHome: '/x' }, 'hermesHome: Unknown key.'],
    [{ currency: 'EUR' }, 'currency: Unknown key.'],
    [[], 'Must be a JSON object.'],
  ])('are rejected with the location of the problem: %j', (config, problem) => {
    expect(() => readSettings(config)).toThrow(SettingsError)
    const { problems } = catchSettingsError(() => readSettings(config))
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(join(home, 'config.json'))
    expect(problems[0]).toContain(problem)
  })

  test('may name the offline model, which every profile has', () => {
    expect(readSettings({ model: 'offline/eliza' })).toMatchObject({ model: 'offline/eliza', warnings: [] })
  })
})
