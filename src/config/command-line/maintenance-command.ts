import { type ResolvedPaths, pathSettings, resolvePaths } from '../paths.ts'
import { settingDefinitions } from '../setting-definitions.ts'
import type { SettingsInputs } from '../settings.ts'
import { SettingsError } from '../settings-error.ts'
import { SettingsReader } from '../settings-reader.ts'
import { type DatabaseSettings, resolveDatabase } from '../storage/resolve-database.ts'
import { type FlagDefinition, parseCommandLine, toFlagDefinitions } from './flags.ts'

interface BackupCommand {
  readonly name: 'backup' | 'restore'
  readonly home: string
  /** Null: everything is in the home. */
  readonly database: DatabaseSettings | null
  /** The tar file. */
  readonly file: string
}

interface DoctorCommand {
  readonly name: 'doctor'
  readonly paths: ResolvedPaths
  /** Null: everything is in the home. */
  readonly database: DatabaseSettings | null
  /** Repairs what is safe to repair. */
  readonly fix: boolean
  /** Prints JSON instead of text. */
  readonly json: boolean
  /** Where the conversations of damaged databases are exported to. Null: nowhere. */
  readonly salvage: string | null
}

/** A command that works on a whole home, also on one whose config.json is broken. */
export type MaintenanceCommand = BackupCommand | DoctorCommand

/** The flags of `doctor`, beside those of the paths. */
export const doctorFlags: readonly FlagDefinition[] = [
  { flag: 'fix', argument: null },
  { flag: 'json', argument: null },
  { flag: 'salvage', argument: '<folder>' },
]

const flagsByCommand: Readonly<Record<string, readonly FlagDefinition[]>> = {
  backup: toFlagDefinitions([settingDefinitions.home, settingDefinitions.database]),
  restore: toFlagDefinitions([settingDefinitions.home]),
  doctor: [...doctorFlags, ...toFlagDefinitions([...pathSettings, settingDefinitions.database])],
}

/** Whether this is the name of a maintenance command. */
export const isMaintenanceCommandName = (name: string | null): name is MaintenanceCommand['name'] =>
  name !== null && Object.hasOwn(flagsByCommand, name)

/** Parses the command line of a maintenance command. Throws a SettingsError that lists all problems. */
export function parseMaintenanceCommand(
  name: MaintenanceCommand['name'],
  { argv, env, homedir }: SettingsInputs,
): MaintenanceCommand {
  const { flags, positionals, problems } = parseCommandLine(argv, flagsByCommand[name] ?? [])
  if (problems.length > 0) throw new SettingsError(problems)
  // The problems of config.json are left to doctor, and keep nobody from making a backup.
  const reader = new SettingsReader(flags, env)
  const paths = resolvePaths(reader, flags, homedir)
  const [, argument, ...more] = positionals
  if (name === 'doctor' && argument === undefined)
    return {
      name,
      paths,
      database: resolveDatabase(reader),
      fix: flags.has('fix'),
      json: flags.has('json'),
      salvage: flags.get('salvage') ?? null,
    }
  if (name !== 'doctor' && argument !== undefined && more.length === 0)
    return { name, home: paths.home, database: resolveDatabase(reader), file: argument }
  const usage = name === 'doctor' ? 'doctor, with flags only' : `${name} <file>`
  throw new SettingsError([`${positionals.join(' ')}: Invalid command. Use ${usage}. See segue --help.`])
}
