import { homedir } from 'node:os'
import { type CliSubcommand, commandHelp, parseCliSubcommand } from '../config/command-line/cli-subcommand.ts'
import { exitWithError } from './exit-with-error.ts'
import { runExport } from './export.ts'
import { formatCliError } from './format-cli-error.ts'
import { runImport } from './import.ts'
import { printLineToStderr } from './print-line-to-stderr.ts'

// The commands beside the server: `npm run segue -- <command>`.

/** npm runs scripts in the folder of the package and passes the user's folder in INIT_CWD. */
const workingDirectory = process.env['INIT_CWD'] ?? process.cwd()

async function runCommand(command: CliSubcommand): Promise<void> {
  switch (command.name) {
    case 'help':
      return printLineToStderr(commandHelp)
    case 'export':
      return runExport(command, workingDirectory)
    case 'import':
      return runImport(command, workingDirectory)
  }
}

try {
  await runCommand(parseCliSubcommand({ argv: process.argv.slice(2), env: process.env, homedir: homedir() }))
} catch (error) {
  exitWithError(formatCliError(error))
}
