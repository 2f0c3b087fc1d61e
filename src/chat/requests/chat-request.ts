import { badInput, SegueError } from '../../lib/errors.ts'
import { assertValidFiles, type FileInput } from '../attachments/validate-files.ts'
import type { IfBusy } from '../turn/if-busy.ts'

/** What a client asks for when it sends a message. */
export interface ChatRequest {
  /** Null: a new session is made. */
  readonly sessionId: string | null
  readonly text: string
  readonly files: readonly FileInput[]
  /** Null: the session's own, or the default one. */
  readonly model: string | null
  readonly profile: string
  /** Chosen by the client: the same key joins the same stream. */
  readonly idempotencyKey: string | null
  /** Not part of what the key stands for. */
  readonly ifBusy: IfBusy
}

const maxCodeUnits = { text: 1_000_000, key: 200 } // UTF-16 code units

/** Throws BAD_USER_INPUT or TOO_LARGE for what cannot be sent at all. */
export function assertValidRequest({ text, files, idempotencyKey }: ChatRequest): void {
  if (text.trim() === '' && files.length === 0) throw badInput('A message needs some text, or a file.', 'input', 'text')
  assertTextLength(text)
  assertValidFiles(files)
  assertValidIdempotencyKey(idempotencyKey, 'input', 'key')
}

/** Throws TOO_LARGE for a text that is too long to be said in one message. */
export function assertTextLength(text: string): void {
  if (text.length > maxCodeUnits.text) {
    throw new SegueError(
      'TOO_LARGE',
      `A message has at most ${maxCodeUnits.text} characters; this one has ${text.length}.`,
    )
  }
}

/** Throws BAD_USER_INPUT for what cannot be a key. */
export function assertValidIdempotencyKey(key: string | null, ...path: string[]): void {
  // Half a surrogate pair is stored as U+FFFD: two keys would be one.
  if (key !== null && (key === '' || key.length > maxCodeUnits.key || !key.isWellFormed())) {
    throw badInput(`A key has 1 to ${maxCodeUnits.key} characters of Unicode.`, ...path)
  }
}
