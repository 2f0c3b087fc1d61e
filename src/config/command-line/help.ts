import { formatSettingDefault, type SettingDefinition } from '../setting-definition.ts'
import { allSettingDefinitions } from '../setting-definitions.ts'

/** Whether the command line asks for help instead of a server. */
export function isHelpRequested(argv: readonly string[]): boolean {
  return argv.includes('--help') || argv.includes('-h')
}

/** The help for one setting: its names, its description and its default. */
export function formatSettingHelp(definition: SettingDefinition<unknown>): string {
  const { flag, argument, env, key, description } = definition
  const names = [flag && [`--${flag}`, argument].filter(Boolean).join(' '), env, key && `"${key}" in config.json`]
  return `  ${names.filter(Boolean).join(', ')}\n      ${description} Default: ${formatSettingDefault(definition)}.\n`
}

/** The text of `segue --help`. */
export const serverHelpText = `Usage: segue [flags]
       segue export <id> | import <file> | backup <file> | restore <file> | migrate |
             doctor, explained by segue export --help
       segue --version

Starts the server, or runs a command. In a clone of the repository, type npm run segue -- instead of segue.

A flag overrides its environment variable, which overrides <home>/config.json, which overrides the default.

${allSettingDefinitions.map(formatSettingHelp).join('\n')}`
