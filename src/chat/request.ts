import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import { badInput, SegueError } from '../errors.ts'
import type { IfBusy } from './session-chat.ts'

/** What a client asks for when it sends a message. */
export interface ChatRequest {
  /** Null: a new session is made. */
  readonly sessionId: string | null
  readonly text: string
  /** Null: the session's own, or the default one. */
  readonly model: string | null
  readonly profile: string
  /** Chosen by the client: the same key joins the same stream. */
  readonly key: string | null
  /** Not part of what the key stands for. */
  readonly ifBusy: IfBusy
}

const limits = { text: 1_000_000, key: 200 } // UTF-16 code units

/** Throws BAD_USER_INPUT or TOO_LARGE for what cannot be sent at all. */
export function checkRequest({ text, key }: ChatRequest): void {
  if (text.trim() === '') throw badInput('A message needs some text.', 'input', 'text')
  if (text.length > limits.text) {
    throw new SegueError('TOO_LARGE', `A message has at most ${limits.text} characters; this one has ${text.length}.`)
  }
  // Half a surrogate pair is stored as U+FFFD: two keys would be one.
  if (key !== null && (key === '' || key.length > limits.key || !key.isWellFormed())) {
    throw badInput(`A key has 1 to ${limits.key} characters of Unicode.`, 'input', 'key')
  }
}

/** Tells two requests apart that came with one key. */
export function fingerprint({ sessionId, text, model, profile }: ChatRequest): string {
  // The canonical form has no room for half a surrogate pair, which names no session and no model anyway.
  const [session, chosen] = [sessionId, model].map((name) => name?.toWellFormed() ?? null)
  return sha256({ sessionId: session, text: text.toWellFormed(), model: chosen, profile })
}

/** The sha256, in hex, of a value's RFC 8785 form. */
export function sha256(value: unknown): string {
  return createHash('sha256')
    .update(canonicalize(value) ?? '')
    .digest('hex')
}
