import { parseArgs } from 'node:util'
import type { SettingDefinition } from '../setting-definition.ts'
import { allSettingDefinitions } from '../setting-definitions.ts'

/**
 * The text of each flag that is set, by its name without dashes; null for a flag that takes no value. The texts of a
 * repeatable flag are joined by commas.
 */
export type CommandLineFlags = ReadonlyMap<string, string | null>

/** A flag: its name without dashes, and the placeholder of its value; null if it takes no value. */
export type FlagDefinition = Pick<SettingDefinition<unknown>, 'argument'> &
  Partial<Pick<SettingDefinition<unknown>, 'isRepeatable'>> & { readonly flag: string }

export interface CommandLine {
  readonly flags: CommandLineFlags
  /** Arguments that are not flags. */
  readonly positionals: readonly string[]
  readonly problems: readonly string[]
}

/** The flags of the given settings. */
export function toFlagDefinitions(settings: readonly SettingDefinition<unknown>[]): FlagDefinition[] {
  return settings.flatMap(({ flag, argument, isRepeatable }) =>
    flag === null ? [] : [{ flag, argument, isRepeatable }],
  )
}

const settingFlags = toFlagDefinitions(allSettingDefinitions)

/** Parses the command line of the server, which has flags only. */
export function parseFlags(argv: readonly string[]): Omit<CommandLine, 'positionals'> {
  const { flags, positionals, problems } = parseCommandLine(argv, settingFlags)
  const unexpected = positionals.map(
    (text) => `${JSON.stringify(text)}: Unexpected argument. ${formatKnownFlags(settingFlags)}`,
  )
  return { flags, problems: [...problems, ...unexpected] }
}

/**
 * Parses a command line without checking the values of flags. If a flag that is not repeatable is repeated, its last value wins. For an unknown
 * flag, only its name is reported: its value may be a secret.
 */
export function parseCommandLine(argv: readonly string[], knownFlags: readonly FlagDefinition[]): CommandLine {
  const options = Object.fromEntries(
    knownFlags.map(({ flag, argument }) => [flag, { type: argument === null ? 'boolean' : 'string' } as const]),
  )
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true })
  const repeatable = new Set(knownFlags.filter(({ isRepeatable }) => isRepeatable).map(({ flag }) => flag))
  const flags = new Map<string, string | null>()
  const positionals: string[] = []
  const problems: string[] = []
  let followsUnknownFlag = false
  for (const token of tokens) {
    const isValueOfUnknownFlag = followsUnknownFlag && token.kind === 'positional'
    followsUnknownFlag = false
    if (token.kind === 'positional' && !isValueOfUnknownFlag) positionals.push(token.value)
    if (token.kind !== 'option') continue
    const { name, rawName, value, inlineValue } = token
    const option = Object.hasOwn(options, name) ? options[name] : undefined
    if (option === undefined || rawName !== `--${name}`) {
      problems.push(`${rawName}: Unknown flag. ${formatKnownFlags(knownFlags)}`)
      followsUnknownFlag = inlineValue !== true
    } else if (option.type === 'boolean') {
      if (value === undefined) flags.set(name, null)
      else problems.push(`${rawName}: This flag takes no value.`)
    } else if (value === undefined || (/^-./.test(value) && inlineValue !== true)) {
      problems.push(`${rawName}: This flag needs a value.`)
    } else {
      const previous = repeatable.has(name) ? flags.get(name) : undefined
      flags.set(name, typeof previous === 'string' ? `${previous},${value}` : value)
    }
  }
  return { flags, positionals, problems }
}

function formatKnownFlags(knownFlags: readonly FlagDefinition[]): string {
  return `Known flags: ${[...knownFlags.map(({ flag }) => `--${flag}`), '--version', '--help'].join(', ')}.`
}
