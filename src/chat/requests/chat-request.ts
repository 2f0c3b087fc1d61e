import { createBadInputError, SegueError } from '../../lib/errors.ts'
import { assertValidMessageFiles, type FileInput } from '../attachments/validate-message-files.ts'
import type { IfBusy } from '../turn/if-busy.ts'
import { assertValidIdempotencyKey } from './idempotency-keys.ts'

/** A message that a client sends. */
export interface ChatRequest {
  /** Null creates a new session. */
  readonly sessionId: string | null
  readonly text: string
  readonly files: readonly FileInput[]
  /** Null means the model of the session, or the default model. */
  readonly model: string | null
  readonly profile: string
  /** Chosen by the client. A request with the same key joins the same stream. */
  readonly idempotencyKey: string | null
  readonly ifBusy: IfBusy
}

const maxTextCodeUnits = 1_000_000 // UTF-16 code units

/** Throws BAD_USER_INPUT and TOO_LARGE. */
export function assertValidChatRequest({ text, files, idempotencyKey }: ChatRequest): void {
  assertValidMessageText(text, files.length > 0, 'input', 'text')
  assertValidMessageFiles(files)
  assertValidIdempotencyKey(idempotencyKey, 'input', 'key')
}

/** Throws BAD_USER_INPUT for a message without text and files, and TOO_LARGE. `path` leads to the argument. */
export function assertValidMessageText(text: string, hasFiles: boolean, ...path: string[]): void {
  if (text.trim() === '' && !hasFiles)
    throw createBadInputError('The message is empty. Send some text or a file.', ...path)
  if (text.length <= maxTextCodeUnits) return
  const message = `The message has ${text.length} characters. Send at most ${maxTextCodeUnits}.`
  throw new SegueError('TOO_LARGE', message)
}
