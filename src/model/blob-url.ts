import type { MessagePart } from './message.ts'

/** How a part refers to a file that is kept beside the database, by the sha256 of its bytes in hex. */
export function toBlobUrl(hash: string): string {
  return `file:${hash}`
}

/** The hash in such a reference; null for any other URL. */
export function parseBlobUrl(url: string): string | null {
  return /^file:([0-9a-f]{64})$/.exec(url)?.[1] ?? null
}

/** The hash of the kept file to which a part refers. */
export function findBlobHash(part: MessagePart): string | null {
  if (part.type === 'file') return parseBlobUrl(part.url)
  return part.type === 'tool' ? (part.call.resultFile ?? null) : null
}
