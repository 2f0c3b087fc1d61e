import type { SegueClient } from 'segue-client'
import { copyText } from '../../../components/buttons/copy-text.ts'
import { strings } from '../../../strings/strings.ts'
import { saveFile } from '../files/save-file.ts'
import { formatChatAsJson, formatChatAsMarkdown, toFileName } from './format-chat.ts'
import { readChat, type ReadChat } from './read-chat.ts'

/** A way to take a whole chat out, also what is not loaded. */
export type ChatExport = 'copy' | 'markdown' | 'json'

const { exported } = strings.transcript

const run: { readonly [Way in ChatExport]: (read: ReadChat) => Promise<string> } = {
  copy: async (read) => ((await copyText(formatChatAsMarkdown(read))) ? exported.copied : exported.notCopied),
  markdown: async (read) => save(formatChatAsMarkdown(read), 'text/markdown', `${toFileName(read.title)}.md`),
  json: async (read) => save(formatChatAsJson(read), 'application/json', `${toFileName(read.title)}.json`),
}

/** Copies or saves the chat of a session. Resolves to how it went: a text for people. */
export async function exportChat(client: SegueClient, sessionId: string, way: ChatExport): Promise<string> {
  try {
    return await run[way](await readChat(client, sessionId))
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function save(text: string, type: string, name: string): string {
  saveFile(new Blob([text], { type }), name)
  return exported.saved(name)
}
