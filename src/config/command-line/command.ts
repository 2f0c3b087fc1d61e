import { flagsOf, type KnownFlag, readCommandLine } from './flags.ts'
import { asksForHelp, helpOf } from './help.ts'
import { namePattern, nameRule } from '../name-rule.ts'
import { type Places, placeSettings, placesOf } from '../paths.ts'
import { SettingsError, type SettingsSources } from '../settings.ts'
import { SettingsReader } from '../settings-reader.ts'

interface Common {
  readonly places: Places
  /** Null: none was named. */
  readonly profile: string | null
}

/** What is to be done beside serving. */
export type Command =
  | { readonly name: 'help' }
  | (Common & {
      readonly name: 'export'
      /** Of a conversation, or of one of its sessions. */
      readonly id: string
      /** A path, or - for standard output; null: none was given. */
      readonly output: string | null
    })
  | (Common & { readonly name: 'import'; readonly file: string })

const ownFlags: readonly KnownFlag[] = [
  { flag: 'profile', argument: '<name>' },
  { flag: 'output', argument: '<file>' },
]

const usage = 'it has to be export <id> or import <file>; npm run segue -- --help tells more'

/** Reads a command line, and from environment and config.json where things lie. Throws a `SettingsError`. */
export function readCommand({ argv, env, homedir }: SettingsSources): Command {
  if (asksForHelp(argv)) return { name: 'help' }
  const problems: string[] = []
  const words: string[] = []
  const known = [...ownFlags, ...flagsOf(placeSettings)]
  const flags = readCommandLine(argv, known, problems, (word) => void words.push(word))
  const places = placesOf(new SettingsReader(flags, env, problems), flags, homedir)
  const profile = flags.get('profile') ?? null
  if (profile !== null && !namePattern.test(profile)) {
    problems.push(`--profile: ${JSON.stringify(profile)} is no name of a profile; it has ${nameRule}`)
  }
  const output = flags.get('output') ?? null
  const [name, what, ...more] = words
  if (name === 'import' && output !== null) problems.push('--output: an import has none')
  if ((name === 'export' || name === 'import') && what !== undefined && more.length === 0 && problems.length === 0) {
    return name === 'export' ? { name, id: what, output, places, profile } : { name, file: what, places, profile }
  }
  if (problems.length === 0) problems.push(`${words.length === 0 ? 'Nothing' : words.join(' ')}: ${usage}`)
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
${placeSettings.map(helpOf).join('')}`
