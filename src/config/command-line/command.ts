import { toFlagDefinitions, type FlagDefinition, parseCommandLine } from './flags.ts'
import { isHelpRequested, formatSettingHelp } from './help.ts'
import { namePattern, nameRule } from '../name-rule.ts'
import { type Paths, pathSettings, resolvePaths } from '../paths.ts'
import { SettingsError, type SettingsInputs } from '../settings.ts'
import { SettingsReader } from '../settings-reader.ts'

interface CommandBase {
  readonly paths: Paths
  /** Null: none was named. */
  readonly profile: string | null
}

/** What is to be done beside serving. */
export type Command =
  | { readonly name: 'help' }
  | (CommandBase & {
      readonly name: 'export'
      /** Of a conversation, or of one of its sessions. */
      readonly id: string
      /** A path, or - for standard output; null: none was given. */
      readonly output: string | null
    })
  | (CommandBase & { readonly name: 'import'; readonly file: string })

const commandFlags: readonly FlagDefinition[] = [
  { flag: 'profile', argument: '<name>' },
  { flag: 'output', argument: '<file>' },
]

const usageHint = 'it has to be export <id> or import <file>; npm run segue -- --help tells more'

/** Reads a command line, and from environment and config.json where things lie. Throws a `SettingsError`. */
export function parseCommand({ argv, env, homedir }: SettingsInputs): Command {
  if (isHelpRequested(argv)) return { name: 'help' }
  const problems: string[] = []
  const positionals: string[] = []
  const knownFlags = [...commandFlags, ...toFlagDefinitions(pathSettings)]
  const flags = parseCommandLine(argv, knownFlags, problems, (positional) => void positionals.push(positional))
  const paths = resolvePaths(new SettingsReader(flags, env, problems), flags, homedir)
  const profile = flags.get('profile') ?? null
  if (profile !== null && !namePattern.test(profile)) {
    problems.push(`--profile: ${JSON.stringify(profile)} is no name of a profile; it has ${nameRule}`)
  }
  const output = flags.get('output') ?? null
  const [name, argument, ...more] = positionals
  if (name === 'import' && output !== null) problems.push('--output: an import has none')
  if (
    (name === 'export' || name === 'import') &&
    argument !== undefined &&
    more.length === 0 &&
    problems.length === 0
  ) {
    return name === 'export' ? { name, id: argument, output, paths, profile } : { name, file: argument, paths, profile }
  }
  if (problems.length === 0)
    problems.push(`${positionals.length === 0 ? 'Nothing' : positionals.join(' ')}: ${usageHint}`)
  throw new SettingsError(problems)
}

/** What `--help` prints. */
export const commandHelp = `npm run segue -- export <id> [--output <file>] [flags]
      Writes a conversation to a file, as one JSON document: <the conversation's id>.json, unless told.
npm run segue -- import <file> [flags]
      Brings it back, whole or not at all. The server must not be running.

  <id>
      Of the conversation, or of any session in it.
  --output <file>
      Where to write it; - is standard output.
  --profile <name>
      The profile to look in, or to import into. Default: all that there are; for an import, default.
${pathSettings.map(formatSettingHelp).join('')}`
