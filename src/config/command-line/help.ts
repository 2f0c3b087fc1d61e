import { allSettings, type Setting } from '../setting-definitions.ts'

/** Whether the command line asks for the help instead of a server. */
export function asksForHelp(argv: readonly string[]): boolean {
  return argv.includes('--help') || argv.includes('-h')
}

/** What is told of a setting. */
export function helpOf({ flag, argument, env, key, default: fallback, description }: Setting<unknown>): string {
  const names = [flag && [`--${flag}`, argument].filter(Boolean).join(' '), env, key && `"${key}" in config.json`]
  return `  ${names.filter(Boolean).join(', ')}\n      ${description} Default: ${fallback}.\n`
}

/** What `--help` prints. */
export const helpText = `npm start -- [flags]

A flag wins over its environment variable, that over <home>/config.json, and that over the default.

${allSettings.map(helpOf).join('\n')}`
