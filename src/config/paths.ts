import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Flags } from './command-line/flags.ts'
import { resolvePath } from './profile/profile-settings.ts'
import { allSettings, settingDefinitions as table } from './setting-definitions.ts'
import type { SettingsReader } from './settings-reader.ts'

/** Where things lie, as absolute paths. */
export interface Paths {
  readonly home: string
  /** Null: no sessions of Hermes are shown. It may hold no state.db, yet. */
  readonly hermesHome: string | null
}

/** What tells where things lie. */
export const pathSettings = [table.home, table.hermesHome, table.hermes]

/** Where things lie, by what a reader has; from then on it has what is in the home's config.json, too. */
export function resolvePaths(reader: SettingsReader, flags: Flags, homedir: string): Paths {
  const home = resolvePath('', reader.read(table.home)?.value ?? table.home.default, homedir)
  reader.loadFile(
    join(home, 'config.json'),
    allSettings.flatMap(({ key }) => key ?? []),
  )
  const isHermesEnabled = reader.read(table.hermes)?.value ?? true
  const hermesHomeSetting = reader.read(table.hermesHome)
  if (flags.has('no-hermes') && flags.has('hermes-home')) {
    reader.problems.push('--no-hermes: contradicts --hermes-home')
  }

  function resolveHermesHome(): string | null {
    // A flag wins over config.json, but HERMES_HOME does not: Hermes sets it for everything that it starts.
    if (!isHermesEnabled && !hermesHomeSetting?.source.startsWith('--')) return null
    if (hermesHomeSetting)
      return resolvePath(reader.isFromFile(hermesHomeSetting) ? home : '', hermesHomeSetting.value, homedir)
    const defaultHermesHome = resolvePath('', '~/.hermes', homedir)
    return existsSync(join(defaultHermesHome, 'state.db')) ? defaultHermesHome : null
  }

  return { home, hermesHome: resolveHermesHome() }
}
