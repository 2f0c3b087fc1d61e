import type { MessagePart } from '../../model/message.ts'
import type { MessageFileStore } from '../attachments/message-file-store.ts'
import type { RegenerateChanges } from './regenerate-changes.ts'
import { createEmptyMessageError, type SendMessageRequest } from './send-message-request.ts'

/** The parts of a user's message. Resolves when its files are stored. `path` leads to the list of files. */
export async function createMessageParts(
  { text, files }: Pick<SendMessageRequest, 'text' | 'files'>,
  fileStore: MessageFileStore,
  ...path: string[]
): Promise<MessagePart[]> {
  const fileParts = await fileStore.storeAll(files, path)
  return text.trim() === '' ? fileParts : [{ type: 'text', text: text.toWellFormed() }, ...fileParts]
}

/** The parts of a user's message with another text or other files. Throws BAD_USER_INPUT if neither is left. */
export async function replaceMessageParts(
  parts: readonly MessagePart[],
  { text, files }: RegenerateChanges,
  fileStore: MessageFileStore,
): Promise<MessagePart[]> {
  const newParts = await createMessageParts({ text: text ?? '', files: files ?? [] }, fileStore, 'files')
  const textParts = typeof text === 'string' ? newParts : parts
  const fileParts = files ? newParts : parts
  const replaced = [
    ...textParts.filter(({ type }) => type !== 'file'),
    ...fileParts.filter(({ type }) => type === 'file'),
  ]
  if (replaced.length === 0) throw createEmptyMessageError('text')
  return replaced
}
