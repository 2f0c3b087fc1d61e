import { readFlags } from './command-line/flags.ts'
import { defaultLimits } from './limits.ts'
import type { Limits } from './limits.ts'
import { type Places, placesOf } from './paths.ts'
import { profileSettings, type ProfileSettings } from './profile/profile-settings.ts'
import { foundByThemselves } from './profile/providers.ts'
import { settingsTable as table } from './setting-definitions.ts'
import { SettingsReader } from './settings-reader.ts'

/** What the server was told, resolved: paths are absolute, keys looked up. */
export interface Settings extends ProfileSettings, Places {
  /** 0: any free one. */
  readonly port: number
  /** A loopback address or `localhost`; `::1` without its brackets. */
  readonly host: string
  /** Every commit waits for the disk. */
  readonly durable: boolean
  /** Milliseconds between two words of the offline agent. */
  readonly offlineDelay: number
  readonly limits: Limits
  /** What is odd but no reason not to start, a sentence each. */
  readonly warnings: readonly string[]
}

/** All that is wrong with the settings, one problem a line, each with where it came from and what is allowed there. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}

export interface SettingsSources {
  /** The flags: the command line after the name of the program. */
  readonly argv: readonly string[]
  /** An empty variable counts as one that is not set. */
  readonly env: NodeJS.ProcessEnv
  /** What `~` stands for. */
  readonly homedir: string
}

/** Reads flags, environment and config.json. Throws a `SettingsError` that names everything that is wrong. */
export function readSettings({ argv, env, homedir }: SettingsSources): Settings {
  const problems: string[] = []
  const warnings: string[] = []
  const flags = readFlags(argv, problems)
  const reader = new SettingsReader(flags, env, problems)

  const { home, hermesHome } = placesOf(reader, flags, homedir)
  const ofProfile = profileSettings(reader, { env, homedir, home }, warnings, foundByThemselves)

  const port = reader.read(table.port)?.value ?? Number(table.port.default)
  const host = reader.read(table.host)?.value ?? table.host.default
  const durable = reader.read(table.durable)?.value ?? false
  const offlineDelay = reader.read(table.offlineDelay)?.value ?? Number(table.offlineDelay.default)
  const limits = reader.read(table.limits)?.value ?? defaultLimits

  if (problems.length > 0) throw new SettingsError(problems)
  return { ...ofProfile, port, host, home, hermesHome, durable, offlineDelay, limits, warnings }
}
