import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect } from 'vitest'
import { readSettings, type Settings } from '../../../src/config/settings.ts'
import { SettingsError } from '../../../src/config/settings-error.ts'

/** Creates a home directory for the tests of a file. Each test starts with an empty home. */
export function newTestSettings() {
  const homedir = mkdtempSync(join(tmpdir(), 'segue-settings-'))
  const home = join(homedir, '.segue')
  const config = join(home, 'config.json')
  beforeEach(() => {
    rmSync(homedir, { recursive: true, force: true })
    mkdirSync(home, { recursive: true })
  })
  afterAll(() => rmSync(homedir, { recursive: true, force: true }))

  const read = (argv: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Settings =>
    readSettings({ argv, env, homedir })

  /** The problems of invalid settings; empty if the settings are valid. */
  function readProblems(argv: readonly string[] = [], env: NodeJS.ProcessEnv = {}): readonly string[] {
    try {
      read(argv, env)
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error
      expect(error.message.split('\n')).toEqual(error.problems)
      return error.problems
    }
    return []
  }

  const writeConfig = (value: unknown): void => writeFileSync(config, JSON.stringify(value), { mode: 0o600 })
  return { homedir, home, config, read, readProblems, writeConfig }
}
