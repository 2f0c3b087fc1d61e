import { homedir } from 'node:os'
import { join } from 'node:path'
import { commandHelp, parseCliSubcommand } from '../config/command-line/cli-subcommand.ts'
import { runBackup } from './backup.ts'
import { runDoctor } from './doctor.ts'
import { runExport } from './export.ts'
import { runImport } from './import.ts'
import { runMigrate } from './migrate.ts'
import { printLineToStderr } from './print-line-to-stderr.ts'
import { runRestore } from './restore.ts'
import { runToken } from './token.ts'

/** The package.json of Segue itself. */
const manifest = join(import.meta.dirname, '..', '..', 'package.json')

/**
 * The folder that relative paths begin at. npm runs the scripts of a clone in the clone's folder and passes the user's
 * folder in INIT_CWD.
 */
const workingDirectory =
  process.env['npm_package_json'] === manifest ? (process.env['INIT_CWD'] ?? process.cwd()) : process.cwd()

/** Runs a command other than the server. Throws what `formatCliError` explains. */
export async function runCliSubcommand(argv: readonly string[]): Promise<void> {
  const command = parseCliSubcommand({ argv, env: process.env, homedir: homedir() })
  switch (command.name) {
    case 'help':
      return printLineToStderr(commandHelp)
    case 'export':
      return runExport(command, workingDirectory)
    case 'import':
      return runImport(command, workingDirectory)
    case 'backup':
      return runBackup(command, workingDirectory)
    case 'restore':
      return runRestore(command, workingDirectory)
    case 'migrate':
      return runMigrate(command)
    case 'token':
      return runToken(command)
    case 'doctor':
      return runDoctor(command, workingDirectory)
  }
}
