import { parseArgs } from 'node:util'
import { allSettings, type SettingDefinition } from '../setting-definitions.ts'

/** The text of each flag that was given, by its name without dashes; null for one that takes no value. */
export type Flags = ReadonlyMap<string, string | null>

/** What can be given: its name without dashes, and what its value is called; null where it takes none. */
export interface FlagDefinition {
  readonly flag: string
  readonly argument: string | null
}

/** The flags of some settings. */
export function toFlagDefinitions(settings: readonly SettingDefinition<unknown>[]): FlagDefinition[] {
  return settings.flatMap(({ flag, argument }) => (flag === null ? [] : [{ flag, argument }]))
}

const formatFlagNames = (knownFlags: readonly FlagDefinition[]): string =>
  [...knownFlags.map(({ flag }) => `--${flag}`), '--help'].join(', ')

const settingFlags = toFlagDefinitions(allSettings)

/** The flags of the server's command line, which has nothing else; otherwise as `readCommandLine`. */
export function parseFlags(argv: readonly string[], problems: string[]): Flags {
  return parseCommandLine(argv, settingFlags, problems, (word) => {
    problems.push(`${JSON.stringify(word)}: flags begin with --; they are ${formatFlagNames(settingFlags)}`)
  })
}

/**
 * The flags of a command line, without judging their values; the last of several wins. What is no flag goes to `onWord`.
 * Whatever is wrong is added to `problems`. Of what is not known only the name is told: it may have been followed by a
 * secret.
 */
export function parseCommandLine(
  argv: readonly string[],
  knownFlags: readonly FlagDefinition[],
  problems: string[],
  onPositional: (word: string) => void,
): Flags {
  const options = Object.fromEntries(
    knownFlags.map(({ flag, argument }) => [flag, { type: argument === null ? 'boolean' : 'string' } as const]),
  )
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true })
  const flags = new Map<string, string | null>()
  let followsUnknownFlag = false
  for (const token of tokens) {
    const isValueOfUnknownFlag = followsUnknownFlag && token.kind === 'positional'
    followsUnknownFlag = false
    if (token.kind === 'positional' && !isValueOfUnknownFlag) onPositional(token.value)
    if (token.kind !== 'option') continue
    const { name, rawName, value, inlineValue } = token
    const option = Object.hasOwn(options, name) ? options[name] : undefined
    if (option === undefined || rawName !== `--${name}`) {
      problems.push(`${rawName}: unknown flag; it has to be one of ${formatFlagNames(knownFlags)}`)
      followsUnknownFlag = inlineValue !== true
    } else if (option.type === 'boolean') {
      if (value === undefined) flags.set(name, null)
      else problems.push(`${rawName}: takes no value`)
    } else if (value === undefined || (/^-./.test(value) && inlineValue !== true)) {
      problems.push(`${rawName}: needs a value`)
    } else flags.set(name, value)
  }
  return flags
}
