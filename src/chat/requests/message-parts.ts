import type { MessagePart } from '../../model/message.ts'
import type { MessageFileStore } from '../attachments/message-file-store.ts'
import type { SendMessageRequest } from './send-message-request.ts'

/** The parts of a user's message. Resolves when its files are stored. `path` leads to the list of files. */
export async function createMessageParts(
  { text, files }: Pick<SendMessageRequest, 'text' | 'files'>,
  fileStore: MessageFileStore,
  ...path: string[]
): Promise<MessagePart[]> {
  const fileParts = await fileStore.storeAll(files, path)
  return text.trim() === '' ? fileParts : [{ type: 'text', text: text.toWellFormed() }, ...fileParts]
}
