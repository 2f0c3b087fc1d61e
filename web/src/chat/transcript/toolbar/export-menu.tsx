import { Braces, ClipboardCopy, FileDown } from 'lucide-react'
import { type LiveChat, useSegueClient } from 'segue-client/react'
import { copyText } from '../../../components/buttons/copy-text.ts'
import { Menu, MenuItem } from '../../../components/popups/menu.tsx'
import type { OnDemandPopupProps } from '../../../components/popups/popup-on-demand.tsx'
import { strings } from '../../../strings/strings.ts'
import { formatChatAsJson, formatChatAsMarkdown, toFileName } from '../export/format-chat.ts'
import { readChat, type ReadChat } from '../export/read-chat.ts'
import { saveFile } from '../files/save-file.ts'

interface ExportMenuProps extends OnDemandPopupProps {
  readonly chat: LiveChat
  /** Is told how it went: a text for people. */
  readonly onDone: (text: string) => void
}

/** Copies or saves the whole chat, also what is not loaded. */
export default function ExportMenu({ trigger, chat, onDone }: ExportMenuProps) {
  const client = useSegueClient()
  const { exported } = strings.transcript
  const run = async (put: (read: ReadChat) => Promise<string>): Promise<void> => {
    const { sessionId } = chat.getSnapshot()
    if (sessionId === null) return
    try {
      onDone(await put(await readChat(client, sessionId)))
    } catch (error) {
      onDone(error instanceof Error ? error.message : String(error))
    }
  }
  const save = async (text: string, type: string, name: string): Promise<string> => {
    saveFile(new Blob([text], { type }), name)
    return exported.saved(name)
  }
  return (
    <Menu trigger={trigger}>
      <MenuItem
        icon={<ClipboardCopy />}
        onClick={() =>
          void run(async (read) =>
            (await copyText(formatChatAsMarkdown(read))) ? exported.copied : exported.notCopied,
          )
        }
      >
        {exported.copy}
      </MenuItem>
      <MenuItem
        icon={<FileDown />}
        onClick={() =>
          void run((read) => save(formatChatAsMarkdown(read), 'text/markdown', `${toFileName(read.title)}.md`))
        }
      >
        {exported.markdown}
      </MenuItem>
      <MenuItem
        icon={<Braces />}
        onClick={() =>
          void run((read) => save(formatChatAsJson(read), 'application/json', `${toFileName(read.title)}.json`))
        }
      >
        {exported.json}
      </MenuItem>
    </Menu>
  )
}
