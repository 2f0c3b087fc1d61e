import type { Command } from '../config/command-line/command.ts'
import { defaultProfileName } from '../profiles/profile-name.ts'
import { importConversation } from '../transfer/import-conversation.ts'
import { printMessage } from './print-message.ts'
import { transferStorage } from './transfer-storage.ts'

/** Runs `segue import`: reads a conversation from a file into a profile. */
export async function runImport(
  command: Extract<Command, { readonly name: 'import' }>,
  workingDirectory: string,
): Promise<void> {
  const profile = command.profile ?? defaultProfileName
  const summary = await importConversation({ ...command, workingDirectory, profile, storage: transferStorage })
  printMessage(`Imported ${summary.text} into the profile ${profile}.`)
}
