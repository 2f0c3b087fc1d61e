import { pino } from 'pino'
import type { Command } from '../config/command-line/command.ts'
import { exportConversation } from '../transfer/export-conversation.ts'
import { printMessage } from './print-message.ts'
import { transferStorage } from './transfer-storage.ts'

/** Runs `segue export`: writes a conversation to a file, or to stdout if the output is `-`. */
export async function runExport(
  command: Extract<Command, { readonly name: 'export' }>,
  workingDirectory: string,
): Promise<void> {
  const output = command.output === '-' ? process.stdout : command.output
  const log = pino({ base: null, level: 'warn' }, pino.destination({ dest: 2, sync: true }))
  const { summary, path } = await exportConversation({
    ...command,
    output,
    workingDirectory,
    storage: transferStorage,
    log,
    onNote: printMessage,
  })
  printMessage(path === null ? `Exported ${summary.text}.` : `Exported ${summary.text} to ${path}.`)
}
