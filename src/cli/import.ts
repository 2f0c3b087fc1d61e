import type { CliSubcommand } from '../config/command-line/cli-subcommand.ts'
import { defaultProfileName } from '../profiles/profile-name.ts'
import { importConversation } from '../transfer/import-conversation.ts'
import { createCliLogger } from './create-cli-logger.ts'
import { printLineToStderr } from './print-line-to-stderr.ts'
import { openTransferStorage } from './storage/open-transfer-storage.ts'

/** Runs `segue import`: reads a conversation from a file into a profile. */
export async function runImport(
  command: Extract<CliSubcommand, { readonly name: 'import' }>,
  workingDirectory: string,
): Promise<void> {
  const profile = command.profile ?? defaultProfileName
  await using storage = await openTransferStorage(command.database, createCliLogger())
  const summary = await importConversation({ ...command, workingDirectory, profile, storage })
  printLineToStderr(`Imported ${summary.text} into the profile ${profile}.`)
}
