import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readProfileSettings } from '../../../src/config/profile/profile-settings.ts'
import { newTempFolder } from '../../support/server/segue.ts'

let home: string

beforeEach(() => {
  home = newTempFolder()
})

afterEach(() => rmSync(home, { recursive: true, force: true }))

const env = {
  SEGUE_MODEL: 'openai/gpt-5.1',
  OPENAI_API_KEY: 'sk-env',
  ANTHROPIC_API_KEY: 'sk-ant',
  WORK_KEY: 'sk-work',
  PATH: '/bin',
}

/** The settings with this config.json, or without one, and what is wrong or odd about them. */
function settings(config?: unknown) {
  if (config !== undefined) writeFileSync(join(home, 'config.json'), JSON.stringify(config))
  const problems: string[] = []
  const warnings: string[] = []
  return { ...readProfileSettings({ env, homedir: '/home/me', home }, problems, warnings), problems, warnings }
}

const bare = {
  model: null,
  providers: [],
  mcpServers: [],
  approvals: {},
  generateTitles: true,
  autoCompactThreshold: 0.8,
}

describe("a named profile's settings", () => {
  test('are the defaults without a config.json, whatever is in the environment', () => {
    expect(settings()).toEqual({ ...bare, problems: [], warnings: [] })
    expect(settings({})).toEqual({ ...bare, problems: [], warnings: [] })
  })

  test('hold what their config.json names of the environment, and nothing else of it', () => {
    const { providers, mcpServers, problems, warnings } = settings({
      providers: {
        own: { type: 'openai', apiKeyEnv: 'WORK_KEY' },
        keyless: { type: 'openai' },
        unset: { type: 'anthropic', apiKeyEnv: 'NOT_SET' },
      },
      mcpServers: { files: { command: 'files', env: { TOKEN: '${WORK_KEY}' } } },
    })
    expect(providers.map(({ name, apiKey }) => [name, apiKey])).toEqual([
      ['own', 'sk-work'],
      ['keyless', null],
      ['unset', null],
    ])
    expect(mcpServers).toMatchObject([{ env: { TOKEN: 'sk-work', PATH: '/bin' }, cwd: home }])
    expect(JSON.stringify([providers, mcpServers])).not.toMatch(/sk-env|sk-ant/)
    expect(problems).toEqual([])
    expect(warnings).toEqual([expect.stringContaining('NOT_SET')])
  })

  test.each([
    [{ model: 'openai/gpt-5.1' }, 'model'],
    [{ model: 'local/test', providers: { other: { type: 'openai' } } }, 'model'],
    [{ port: 4000 }, 'port: unknown key; it has to be one of model, providers,'],
    [{ hermesHome: '/x' }, 'hermesHome: unknown key'],
    [{ limits: {} }, 'limits: unknown key'],
    [[], 'it has to be an object'],
  ])('%j is refused, with the place where it stands', (config, problem) => {
    const { problems } = settings(config)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(join(home, 'config.json'))
    expect(problems[0]).toContain(problem)
  })

  test('may choose the offline model, which every profile has', () => {
    expect(settings({ model: 'offline/eliza' })).toMatchObject({ model: 'offline/eliza', problems: [] })
  })
})
