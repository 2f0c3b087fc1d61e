import { createBadInputError, SegueError } from '../../lib/errors.ts'
import { assertValidMessageFiles, type FileInput } from '../attachments/validate-message-files.ts'
import type { IdempotencyKey } from '../../storage/idempotency-key.ts'
import type { IfBusy } from '../turn/if-busy.ts'

/** A message that a client sends. */
export interface SendMessageRequest {
  /** Null creates a new session. */
  readonly sessionId: string | null
  readonly text: string
  readonly files: readonly FileInput[]
  /** Null means the model of the session, or the default model. */
  readonly model: string | null
  /** Null, the default, means the effort of the session. */
  readonly effort?: string | null
  /** Stored with the stream that the request starts. */
  readonly idempotencyKey: IdempotencyKey | null
  readonly ifBusy: IfBusy
}

/** Of the text of a message, in UTF-16 code units. */
export const maxMessageTextCodeUnits = 1_000_000

/** Throws BAD_USER_INPUT and TOO_LARGE. */
export function assertValidSendMessageRequest({ text, files }: SendMessageRequest): void {
  assertValidMessageText(text, files.length > 0, 'input', 'text')
  assertValidMessageFiles(files, 'input', 'files')
}

/** The error for a message without text and files. `path` leads to the argument. */
export function createEmptyMessageError(...path: string[]): SegueError {
  return createBadInputError('The message is empty. Send some text or a file.', ...path)
}

/** Throws BAD_USER_INPUT for a message without text and files, and TOO_LARGE. `path` leads to the argument. */
export function assertValidMessageText(text: string, hasFiles: boolean, ...path: string[]): void {
  if (text.trim() === '' && !hasFiles) throw createEmptyMessageError(...path)
  if (text.length <= maxMessageTextCodeUnits) return
  const message = `The message has ${text.length} characters. Send at most ${maxMessageTextCodeUnits}.`
  throw new SegueError('TOO_LARGE', message)
}
