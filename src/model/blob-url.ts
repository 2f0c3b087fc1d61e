import type { MessagePart } from './message.ts'

/** The URL of a stored file. `hash` is the SHA-256 of its bytes, in lowercase hex. */
export function toBlobUrl(hash: string): string {
  return `file:${hash}`
}

/** The hash in the URL of a stored file; null for any other URL. */
export function parseBlobUrl(url: string): string | null {
  return /^file:([0-9a-f]{64})$/.exec(url)?.[1] ?? null
}

/** The hash of the stored file that a part refers to; null if it refers to none. */
export function findPartBlobHash(part: MessagePart): string | null {
  if (part.type === 'file') return parseBlobUrl(part.url)
  return part.type === 'tool' ? (part.call.resultFile ?? null) : null
}
