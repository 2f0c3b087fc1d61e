import { homedir } from 'node:os'
import { pino } from 'pino'
import { type Command, commandHelp, parseCommand } from '../config/command-line/command.ts'
import { SettingsError } from '../config/settings-error.ts'
import { exitWithError, formatCliError } from './format-startup-error.ts'
import { defaultProfileName } from '../profiles/profile-name.ts'
import { exportConversation } from '../transfer/export-conversation.ts'
import { importConversation } from '../transfer/import-conversation.ts'

// What can be done beside serving: `npm run segue -- <command>`. Standard output may be a document's.

const printMessage = (text: string): boolean => process.stderr.write(`${text}\n`)
// Run by npm, the process is in the folder of the package, wherever a person called it.
const workingDirectory = process.env['INIT_CWD'] ?? process.cwd()

async function runCommand(command: Command): Promise<void> {
  switch (command.name) {
    case 'help':
      return void printMessage(commandHelp)
    case 'export': {
      const output = command.output === '-' ? process.stdout : command.output
      const log = pino({ base: null, level: 'warn' }, pino.destination({ dest: 2, sync: true }))
      const { summary, path } = await exportConversation({
        ...command,
        output,
        workingDirectory,
        log,
        onNote: printMessage,
      })
      return void printMessage(`Exported ${summary.text}${path === null ? '' : `, to ${path}`}`)
    }
    case 'import': {
      const profile = command.profile ?? defaultProfileName
      const summary = await importConversation({ ...command, workingDirectory, profile })
      return void printMessage(`Imported ${summary.text}, into the profile ${profile}`)
    }
  }
}

try {
  await runCommand(parseCommand({ argv: process.argv.slice(2), env: process.env, homedir: homedir() }))
} catch (error) {
  exitWithError(error instanceof SettingsError ? error.message : formatCliError(error))
}
