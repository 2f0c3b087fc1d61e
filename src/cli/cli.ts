import { homedir } from 'node:os'
import { pino } from 'pino'
import { type Command, commandHelp, readCommand } from '../config/command-line/command.ts'
import { SettingsError } from '../config/settings.ts'
import { fail, inWords } from './format-startup-error.ts'
import { defaultProfile } from '../profiles/profile-name.ts'
import { exportConversation } from '../transfer/export-conversation.ts'
import { importConversation } from '../transfer/import-conversation.ts'

// What can be done beside serving: `npm run segue -- <command>`. Standard output may be a document's.

const tell = (text: string): boolean => process.stderr.write(`${text}\n`)
// Run by npm, the process is in the folder of the package, wherever a person called it.
const folder = process.env['INIT_CWD'] ?? process.cwd()

async function run(command: Command): Promise<void> {
  switch (command.name) {
    case 'help':
      return void tell(commandHelp)
    case 'export': {
      const output = command.output === '-' ? process.stdout : command.output
      const log = pino({ base: null, level: 'warn' }, pino.destination({ dest: 2, sync: true }))
      const { summary, path } = await exportConversation({ ...command, output, folder, log, onNote: tell })
      return void tell(`Exported ${summary.text}${path === null ? '' : `, to ${path}`}`)
    }
    case 'import': {
      const profile = command.profile ?? defaultProfile
      const summary = await importConversation({ ...command, folder, profile })
      return void tell(`Imported ${summary.text}, into the profile ${profile}`)
    }
  }
}

try {
  await run(readCommand({ argv: process.argv.slice(2), env: process.env, homedir: homedir() }))
} catch (error) {
  fail(error instanceof SettingsError ? error.message : inWords(error))
}
