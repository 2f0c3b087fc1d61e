import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { CommandLineFlags } from './command-line/flags.ts'
import { resolvePath } from './resolve-path.ts'
import { listConfigKeys, settingDefinitions as definitions } from './setting-definitions.ts'
import type { SettingsReader } from './settings-reader.ts'

/** The folders of Segue and Hermes, as absolute paths. */
export interface ResolvedPaths {
  readonly home: string
  /** Null: no Hermes sessions are shown. The folder may lack a state.db, which may appear later. */
  readonly hermesHome: string | null
}

/** The settings that determine the paths. */
export const pathSettings = [definitions.home, definitions.hermesHome, definitions.hermes]

/** Resolves the paths, and loads the config.json of the home into the reader. */
export function resolvePaths(reader: SettingsReader, flags: CommandLineFlags, homedir: string): ResolvedPaths {
  const home = resolvePath('', reader.read(definitions.home).value, homedir)
  reader.loadFile(home, listConfigKeys(['server', 'profile']))
  if (flags.has('no-hermes') && flags.has('hermes-home'))
    reader.report({ problems: ['--no-hermes: Contradicts --hermes-home. Remove one of them.'] })
  return { home, hermesHome: resolveHermesHome(reader, home, homedir) }
}

function resolveHermesHome(reader: SettingsReader, home: string, homedir: string): string | null {
  const isEnabled = reader.read(definitions.hermes).value
  const { source, value } = reader.read(definitions.hermesHome)
  // The flag overrides `"hermes": false`. HERMES_HOME does not: Hermes sets it for every program that it starts.
  if (!isEnabled && source.kind !== 'flag') return null
  if (value !== null) return resolvePath(source.kind === 'file' ? home : '', value, homedir)
  const defaultHome = resolvePath('', '~/.hermes', homedir)
  return existsSync(join(defaultHome, 'state.db')) ? defaultHome : null
}
