import type { ChatEvent } from '../chat-event.ts'
import type { MessagePart, ToolCall } from '../message.ts'

/** The path below which the server serves files. */
export const filesPath = '/files'

/** The URL of a stored file. `hash` is the SHA-256 of its bytes, in lowercase hex. */
export function toBlobUrl(hash: string): string {
  return `file:${hash}`
}

/** The hash in the URL of a stored file; null for any other URL. */
export function parseBlobUrl(url: string): string | null {
  return /^file:([0-9a-f]{64})$/.exec(url)?.[1] ?? null
}

/** The path of a stored file for clients. It names the media type, because the bytes alone may not tell it. */
export function toBlobUrlPath(hash: string, mediaType: string): string {
  return `${filesPath}/${hash}/${mediaType}`
}

/** The hash in a path of `toBlobUrlPath`; null for any other text. */
export function parseBlobUrlPath(path: string): string | null {
  return /^\/files\/([0-9a-f]{64})\/[^/]+\/[^/]+$/.exec(path)?.[1] ?? null
}

/** The URL of a part that is a file for clients: the https URL that it came with, or a path of the server. */
export function toFilePartUrl(part: {
  readonly url: string
  readonly messageId: string
  readonly index: number
}): string {
  if (/^https:/i.test(part.url)) return part.url
  return `${filesPath}/${encodeURIComponent(part.messageId)}/${part.index}`
}

/** The hashes of the stored files that a part refers to. */
export function listPartBlobHashes(part: MessagePart): string[] {
  if (part.type === 'file') return [parseBlobUrl(part.url) ?? []].flat()
  return part.type === 'tool' ? listToolCallBlobHashes(part.call) : []
}

/** The hashes of the stored files that parts refer to before a change, and not after it. */
export function listReleasedBlobs(before: readonly MessagePart[], after: readonly MessagePart[]): string[] {
  const kept = new Set(after.flatMap(listPartBlobHashes))
  return [...new Set(before.flatMap(listPartBlobHashes))].filter((hash) => !kept.has(hash))
}

/** The hashes of the stored files that an event refers to. */
export function listEventBlobHashes(event: ChatEvent): string[] {
  if (event.type === 'FilePartAdded') return [parseBlobUrl(event.url) ?? []].flat()
  return event.type === 'ToolCallChanged' ? listToolCallBlobHashes(event.toolCall) : []
}

function listToolCallBlobHashes({ resultFile, resultBlobs = [] }: ToolCall): string[] {
  return resultFile === undefined ? [...resultBlobs] : [resultFile, ...resultBlobs]
}
