import { type AccessSettings, resolveAccess } from './access/resolve-access.ts'
import { parseFlags } from './command-line/flags.ts'
import type { LogLevel } from '../lib/logger.ts'
import { noTrustedDocuments, readTrustedDocuments, type TrustedDocuments } from './http/trusted-documents.ts'
import type { ServerLimits } from './limits.ts'
import { type ResolvedPaths, resolvePaths } from './paths.ts'
import { discoverableProviderModels } from './profile/model-id.ts'
import { type ProfileSettings, resolveProfileSettings } from './profile/profile-settings.ts'
import { resolvePath } from './resolve-path.ts'
import { settingDefinitions as definitions } from './setting-definitions.ts'
import { SettingsReader } from './settings-reader.ts'
import { type DatabaseSettings, resolveDatabase } from './storage/resolve-database.ts'

/** The settings of the server and of the profile `default`. Paths are absolute; API keys are resolved. */
export interface Settings extends ProfileSettings, ResolvedPaths, AccessSettings {
  /** 0: any free port. */
  readonly port: number
  /** Null: SQLite in the home. */
  readonly database: DatabaseSettings | null
  /** Whether every commit waits for the disk. */
  readonly durable: boolean
  /** Of all prices, costs and budgets: a code of ISO 4217. */
  readonly currency: string
  readonly logLevel: LogLevel
  /** How long running answers have to finish after a SIGTERM. */
  readonly graceMs: number
  /** Milliseconds between two words of the offline model. */
  readonly offlineDelayMs: number
  readonly limits: ServerLimits
  readonly trustedDocuments: TrustedDocuments
  /** Oddities that do not prevent a start, one line each. */
  readonly warnings: readonly string[]
}

export interface SettingsInputs {
  /** The command line after the name of the program. */
  readonly argv: readonly string[]
  /** An empty variable counts as unset. */
  readonly env: NodeJS.ProcessEnv
  /** The home directory of the user, which `~` stands for. */
  readonly homedir: string
}

/** Reads flags, environment and config.json. Throws a SettingsError that lists all problems. */
export function readSettings({ argv, env, homedir }: SettingsInputs): Settings {
  const { flags, problems } = parseFlags(argv)
  const reader = new SettingsReader(flags, env)
  reader.report({ problems })
  const paths = resolvePaths(reader, flags, homedir)
  const profileSettings = resolveProfileSettings(reader, { env, homedir, home: paths.home }, discoverableProviderModels)
  const settings = {
    ...profileSettings,
    ...paths,
    port: reader.read(definitions.port).value,
    ...resolveAccess(reader, { home: paths.home, homedir }),
    currency: reader.read(definitions.currency).value,
    database: resolveDatabase(reader),
    durable: reader.read(definitions.durable).value,
    logLevel: reader.read(definitions.logLevel).value,
    graceMs: reader.read(definitions.grace).value * 1000,
    offlineDelayMs: reader.read(definitions.offlineDelay).value,
    limits: reader.read(definitions.limits).value,
    trustedDocuments: resolveTrustedDocuments(reader, paths.home, homedir),
  }
  reader.assertValid()
  return { ...settings, warnings: reader.warnings }
}

/** The documents of `persistedDocuments`. A path is relative to the home. */
function resolveTrustedDocuments(reader: SettingsReader, home: string, homedir: string): TrustedDocuments {
  const { source, value } = reader.read(definitions.persistedDocuments)
  if (value === null) return noTrustedDocuments
  const path = resolvePath(home, value.file, homedir)
  const documents = readTrustedDocuments(path)
  if (documents) return { documents, only: value.only }
  reader.report({ problems: [`${source.label}.file: ${path} is not a JSON object of documents by their ids.`] })
  return noTrustedDocuments
}
