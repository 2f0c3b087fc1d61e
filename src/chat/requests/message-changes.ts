import type { MessagePart } from '../../model/message.ts'
import type { MessageFileStore } from '../attachments/message-file-store.ts'
import { assertValidMessageFiles } from '../attachments/validate-message-files.ts'
import { createMessageParts } from './message-parts.ts'
import { assertValidMessageText, createEmptyMessageError, type SendMessageRequest } from './send-message-request.ts'

/** What a message has in place of what it had. Null or left out: the same. */
export interface MessageChanges {
  readonly text?: string | null
  /** An empty list takes the files away. */
  readonly files?: SendMessageRequest['files'] | null
}

/** Throws BAD_USER_INPUT and TOO_LARGE. Whether a message without text keeps a file is not known here. */
export function assertValidMessageChanges({ text, files }: MessageChanges): void {
  if (typeof text === 'string') assertValidMessageText(text, files?.length !== 0, 'text')
  if (files) assertValidMessageFiles(files, 'files')
}

/**
 * Stores the new files, and returns a function that changes the parts of a message. It throws BAD_USER_INPUT if neither text
 * nor files are left.
 */
export async function prepareMessageChanges(
  { text, files }: MessageChanges,
  fileStore: MessageFileStore,
): Promise<(parts: readonly MessagePart[]) => MessagePart[]> {
  const newParts = await createMessageParts({ text: text ?? '', files: files ?? [] }, fileStore, 'files')
  return (parts) => {
    const textParts = typeof text === 'string' ? newParts : parts
    const fileParts = files ? newParts : parts
    const changed = [
      ...textParts.filter(({ type }) => type !== 'file'),
      ...fileParts.filter(({ type }) => type === 'file'),
    ]
    if (changed.length === 0) throw createEmptyMessageError('text')
    return changed
  }
}
