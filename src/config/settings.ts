import { parseFlags } from './command-line/flags.ts'
import { defaultLimits, type Limits } from './limits.ts'
import { type Paths, resolvePaths } from './paths.ts'
import { resolveProfileSettings, type ProfileSettings } from './profile/profile-settings.ts'
import { discoverableModels } from './profile/model-id.ts'
import { settingDefinitions as table } from './setting-definitions.ts'
import { SettingsReader } from './settings-reader.ts'

/** What the server was told, resolved: paths are absolute, keys looked up. */
export interface Settings extends ProfileSettings, Paths {
  /** 0: any free one. */
  readonly port: number
  /** A loopback address or `localhost`; `::1` without its brackets. */
  readonly host: string
  /** Every commit waits for the disk. */
  readonly durable: boolean
  /** Milliseconds between two words of the offline agent. */
  readonly offlineDelayMs: number
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

export interface SettingsInputs {
  /** The flags: the command line after the name of the program. */
  readonly argv: readonly string[]
  /** An empty variable counts as one that is not set. */
  readonly env: NodeJS.ProcessEnv
  /** What `~` stands for. */
  readonly homedir: string
}

/** Reads flags, environment and config.json. Throws a `SettingsError` that names everything that is wrong. */
export function readSettings({ argv, env, homedir }: SettingsInputs): Settings {
  const problems: string[] = []
  const warnings: string[] = []
  const flags = parseFlags(argv, problems)
  const reader = new SettingsReader(flags, env, problems)

  const { home, hermesHome } = resolvePaths(reader, flags, homedir)
  const profileValues = resolveProfileSettings(reader, { env, homedir, home }, warnings, discoverableModels)

  const port = reader.read(table.port)?.value ?? Number(table.port.default)
  const host = reader.read(table.host)?.value ?? table.host.default
  const durable = reader.read(table.durable)?.value ?? false
  const offlineDelayMs = reader.read(table.offlineDelay)?.value ?? Number(table.offlineDelay.default)
  const limits = reader.read(table.limits)?.value ?? defaultLimits

  if (problems.length > 0) throw new SettingsError(problems)
  return { ...profileValues, port, host, home, hermesHome, durable, offlineDelayMs, limits, warnings }
}
