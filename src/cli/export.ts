import type { CliSubcommand } from '../config/command-line/cli-subcommand.ts'
import { exportConversation } from '../transfer/export-conversation.ts'
import { createCliLogger } from './create-cli-logger.ts'
import { printLineToStderr } from './print-line-to-stderr.ts'
import { openTransferStorage } from './storage/open-transfer-storage.ts'

/** Runs `segue export`: writes a conversation to a file, or to stdout if the output is `-`. */
export async function runExport(
  command: Extract<CliSubcommand, { readonly name: 'export' }>,
  workingDirectory: string,
): Promise<void> {
  const output = command.output === '-' ? process.stdout : command.output
  const log = createCliLogger()
  await using storage = await openTransferStorage(command.database, log)
  const { summary, path } = await exportConversation({
    ...command,
    output,
    workingDirectory,
    storage,
    log,
    onNote: printLineToStderr,
  })
  printLineToStderr(path === null ? `Exported ${summary.text}.` : `Exported ${summary.text} to ${path}.`)
}
