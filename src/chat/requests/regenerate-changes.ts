import { assertValidMessageFiles } from '../attachments/validate-message-files.ts'
import { assertValidMessageText, type SendMessageRequest } from './send-message-request.ts'

/** What another try of a turn has in place of what the user's message had. Null or left out: the same. */
export interface RegenerateChanges {
  readonly text?: string | null
  /** An empty list takes the files away. */
  readonly files?: SendMessageRequest['files'] | null
  readonly model?: string | null
}

/** Throws BAD_USER_INPUT and TOO_LARGE. Whether a message without text keeps a file is not known here. */
export function assertValidRegenerateChanges({ text, files }: RegenerateChanges): void {
  if (typeof text === 'string') assertValidMessageText(text, files?.length !== 0, 'text')
  if (files) assertValidMessageFiles(files, 'files')
}
