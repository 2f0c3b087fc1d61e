import { allSettings, type SettingDefinition } from '../setting-definitions.ts'

/** Whether the command line asks for the help instead of a server. */
export function isHelpRequested(argv: readonly string[]): boolean {
  return argv.includes('--help') || argv.includes('-h')
}

/** What is told of a setting. */
export function formatSettingHelp({
  flag,
  argument,
  env,
  key,
  default: fallback,
  description,
}: SettingDefinition<unknown>): string {
  const names = [flag && [`--${flag}`, argument].filter(Boolean).join(' '), env, key && `"${key}" in config.json`]
  return `  ${names.filter(Boolean).join(', ')}\n      ${description} Default: ${fallback}.\n`
}

/** What `--help` prints. */
export const helpText = `npm start -- [flags]

A flag wins over its environment variable, that over <home>/config.json, and that over the default.

${allSettings.map(formatSettingHelp).join('\n')}`
