import { parseArgs } from 'node:util'
import { allSettings } from './setting.ts'

/** The text of each flag that was given, by its name without dashes; null for one that takes no value. */
export type Flags = ReadonlyMap<string, string | null>

const flagged = allSettings.flatMap(({ flag, argument }) => (flag === null ? [] : [{ flag, argument }]))
const options = Object.fromEntries(
  flagged.map(({ flag, argument }) => [flag, { type: argument === null ? 'boolean' : 'string' } as const]),
)
const known = [...flagged.map(({ flag }) => `--${flag}`), '--help'].join(', ')

/**
 * The flags of a command line, without judging their values; the last of several wins. Whatever is wrong is added to
 * `problems`. Of what is not known only the name is told: it may have been followed by a secret.
 */
export function readFlags(argv: readonly string[], problems: string[]): Flags {
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true })
  const flags = new Map<string, string | null>()
  let afterUnknown = false
  for (const token of tokens) {
    const valueOfUnknown = afterUnknown && token.kind === 'positional'
    afterUnknown = false
    if (token.kind === 'positional' && !valueOfUnknown) {
      problems.push(`${JSON.stringify(token.value)}: flags begin with --; they are ${known}`)
    }
    if (token.kind !== 'option') continue
    const { name, rawName, value, inlineValue } = token
    const option = Object.hasOwn(options, name) ? options[name] : undefined
    if (option === undefined || rawName !== `--${name}`) {
      problems.push(`${rawName}: unknown flag; it has to be one of ${known}`)
      afterUnknown = inlineValue !== true
    } else if (option.type === 'boolean') {
      if (value === undefined) flags.set(name, null)
      else problems.push(`${rawName}: takes no value`)
    } else if (value === undefined || (value.startsWith('-') && inlineValue !== true)) {
      problems.push(`${rawName}: needs a value`)
    } else flags.set(name, value)
  }
  return flags
}
