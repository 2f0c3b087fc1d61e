import { Braces, ClipboardCopy, FileDown } from 'lucide-react'
import { type LiveChat, useSegueClient } from 'segue-client/react'
import type { ComponentType } from 'react'
import { type Command, useCommands } from '../../../keyboard/commands/command-store.ts'
import { strings } from '../../../strings/strings.ts'
import type { ChatExport } from '../export/export-chat.ts'

export interface ExportCommand extends Command {
  readonly Icon: ComponentType
}

const { exported } = strings.transcript

const ways: readonly { readonly id: ChatExport; readonly label: string; readonly Icon: ComponentType }[] = [
  { id: 'copy', label: exported.copy, Icon: ClipboardCopy },
  { id: 'markdown', label: exported.markdown, Icon: FileDown },
  { id: 'json', label: exported.json, Icon: Braces },
]

/** Copying and saving the whole chat, as commands of the palette too. `onDone` is told how it went: a text for people. */
export function useExportCommands(chat: LiveChat, onDone: (text: string) => void): readonly ExportCommand[] {
  const client = useSegueClient()
  const run = async (way: ChatExport): Promise<void> => {
    const { sessionId } = chat.getSnapshot()
    if (sessionId === null) return
    try {
      const { exportChat } = await import('../export/export-chat.ts')
      onDone(await exportChat(client, sessionId, way))
    } catch (error) {
      // It could not be loaded.
      onDone(error instanceof Error ? error.message : String(error))
    }
  }
  const commands = ways.map((way) => Object.assign({}, way, { run: () => void run(way.id) }))
  useCommands(commands)
  return commands
}
