import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Flags } from './command-line/flags.ts'
import { pathIn } from './profile/profile-settings.ts'
import { allSettings, settingsTable as table } from './setting-definitions.ts'
import type { SettingsReader } from './settings-reader.ts'

/** Where things lie, as absolute paths. */
export interface Places {
  readonly home: string
  /** Null: no sessions of Hermes are shown. It may hold no state.db, yet. */
  readonly hermesHome: string | null
}

/** What tells where things lie. */
export const placeSettings = [table.home, table.hermesHome, table.hermes]

/** Where things lie, by what a reader has; from then on it has what is in the home's config.json, too. */
export function placesOf(reader: SettingsReader, flags: Flags, homedir: string): Places {
  const home = pathIn('', reader.read(table.home)?.value ?? table.home.default, homedir)
  reader.open(
    join(home, 'config.json'),
    allSettings.flatMap(({ key }) => key ?? []),
  )
  const hermes = reader.read(table.hermes)?.value ?? true
  const hermesNamed = reader.read(table.hermesHome)
  if (flags.has('no-hermes') && flags.has('hermes-home')) {
    reader.problems.push('--no-hermes: contradicts --hermes-home')
  }

  function hermesHome(): string | null {
    // A flag wins over config.json, but HERMES_HOME does not: Hermes sets it for everything that it starts.
    if (!hermes && !hermesNamed?.where.startsWith('--')) return null
    if (hermesNamed) return pathIn(reader.isFromFile(hermesNamed) ? home : '', hermesNamed.value, homedir)
    const usual = pathIn('', '~/.hermes', homedir)
    return existsSync(join(usual, 'state.db')) ? usual : null
  }

  return { home, hermesHome: hermesHome() }
}
