import { configNamePattern, nameRuleDescription } from '../name-rule.ts'
import { type ResolvedPaths, pathSettings, resolvePaths } from '../paths.ts'
import { allSettingDefinitions, settingDefinitions } from '../setting-definitions.ts'
import type { SettingsInputs } from '../settings.ts'
import { SettingsError } from '../settings-error.ts'
import { SettingsReader } from '../settings-reader.ts'
import { type DatabaseSettings, resolveDatabase } from '../storage/resolve-database.ts'
import { type FlagDefinition, parseCommandLine, toFlagDefinitions } from './flags.ts'
import { formatSettingHelp, isHelpRequested } from './help.ts'
import {
  doctorFlags,
  isMaintenanceCommandName,
  type MaintenanceCommand,
  parseMaintenanceCommand,
} from './maintenance-command.ts'
import { type MigrateCommand, migrateFlags, parseMigrateCommand } from './migrate-command.ts'
import { parseTokenCommand, roleFlag, type TokenCommand } from './token-command.ts'

interface CommandOptions {
  readonly paths: ResolvedPaths
  /** Where everything is stored; null: in the home. */
  readonly database: DatabaseSettings | null
  /** Null: not set. */
  readonly profile: string | null
}

interface ExportCommand extends CommandOptions {
  readonly name: 'export'
  /** The id of a conversation, or of one of its sessions. */
  readonly id: string
  /** A path, or `-` for standard output. Null: not set. */
  readonly output: string | null
}

interface ImportCommand extends CommandOptions {
  readonly name: 'import'
  readonly file: string
}

/** A command other than the server. */
export type CliSubcommand =
  | { readonly name: 'help' }
  | ExportCommand
  | ImportCommand
  | MaintenanceCommand
  | MigrateCommand
  | TokenCommand

const commandFlags: readonly FlagDefinition[] = [
  { flag: 'profile', argument: '<name>' },
  { flag: 'output', argument: '<file>' },
]

/**
 * Returns the first argument that is neither a flag nor the value of one: the name of a command, which may be unknown.
 * Returns null if there is none: the command line starts the server.
 */
export function findSubcommandName(argv: readonly string[]): string | null {
  const flags = [
    ...commandFlags,
    roleFlag,
    ...doctorFlags,
    ...migrateFlags,
    ...toFlagDefinitions(allSettingDefinitions),
  ]
  return parseCommandLine(argv, flags).positionals[0] ?? null
}

/**
 * Parses the command line of a command, and resolves the paths from its flags, the environment and config.json. Throws a SettingsError
 * that lists all problems.
 */
export function parseCliSubcommand({ argv, env, homedir }: SettingsInputs): CliSubcommand {
  if (isHelpRequested(argv)) return { name: 'help' }
  const commandName = findSubcommandName(argv)
  if (commandName === 'token') return parseTokenCommand({ argv, env, homedir })
  if (commandName === 'migrate') return parseMigrateCommand({ argv, env, homedir })
  if (isMaintenanceCommandName(commandName)) return parseMaintenanceCommand(commandName, { argv, env, homedir })
  const knownFlags = [...commandFlags, ...toFlagDefinitions([...pathSettings, settingDefinitions.database])]
  const { flags, positionals, problems } = parseCommandLine(argv, knownFlags)
  const reader = new SettingsReader(flags, env)
  reader.report({ problems })
  const paths = resolvePaths(reader, flags, homedir)
  const options = { paths, database: resolveDatabase(reader), profile: flags.get('profile') ?? null }
  const output = flags.get('output') ?? null
  if (options.profile !== null && !configNamePattern.test(options.profile))
    reader.report({
      problems: [`--profile: Invalid value ${JSON.stringify(options.profile)}. Must be ${nameRuleDescription}.`],
    })
  if (positionals[0] === 'import' && output !== null)
    reader.report({ problems: ['--output: Not allowed with import.'] })
  reader.assertValid()

  const [name, argument, ...more] = positionals
  if (argument !== undefined && more.length === 0) {
    if (name === 'export') return { ...options, name, id: argument, output }
    if (name === 'import') return { ...options, name, file: argument }
  }
  throw new SettingsError([
    `${positionals.join(' ')}: Invalid command. Use export <id>, import <file>, backup <file>, restore <file>, migrate, doctor or token <name>, or flags ` +
      `only to start the server. See segue --help.`,
  ])
}

/** The text of `segue export --help` and of the help for every other command. */
export const commandHelp = `Usage: segue export <id> [--output <file>] [flags]
      Exports a conversation to a file, as one JSON document. The default file is <id of the conversation>.json.
       segue import <file> [flags]
      Imports a conversation, completely or not at all. No server may use the home; servers with a database may run.
       segue backup <file> [--home <folder>]
      Writes the whole home to one tar file, while the server runs or not. It contains config.json with its secrets.
       segue restore <file> [--home <folder>]
      Restores a backup into a home that is empty or does not exist.
       segue migrate --to <url> | --from <url> [--home <folder>]
      Copies everything in a home to an empty PostgreSQL database, or back to a home without chats. No server may use either.
       segue doctor [--fix] [--json] [--salvage <folder>] [flags]
      Checks the home and everything that it refers to, and says what to do. Exit status 0: healthy; 1: not.
       segue token <name> [--role read|user|admin] [--profile <name>]…
      Prints a new token, once, and its entry for config.json. Default: the role user, for the profile default.

  <id>
      The id of the conversation, or of a session in it.
  --output <file>
      The file to write to. - is standard output.
  --profile <name>
      The profile to export from, or to import into. Default: all profiles for an export, default for an import. Of a token, the flag
      can be repeated.
  --role <role>
      read queries and follows, user also writes, admin also manages profiles and the server.
  --to <url>, --from <url>
      postgres://user:password@host/name. Its schema is that of SEGUE_DATABASE_SCHEMA.
  --fix
      Repairs what can be repaired without a loss: permissions, left-over files, indexes. Most need the server stopped.
  --json
      Prints the result as JSON.
  --salvage <folder>
      Exports every conversation that a damaged database still has, as far as it can be read, into the folder.
${pathSettings.map(formatSettingHelp).join('')}`
