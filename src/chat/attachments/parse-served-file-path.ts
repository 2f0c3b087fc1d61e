import { filesPath } from '../../model/message-content/blob-url.ts'

/** What a path below `/files` refers to. */
export type ServedFileTarget =
  | { readonly type: 'attachment'; readonly messageId: string; readonly partIndex: number }
  | { readonly type: 'upload'; readonly id: string }
  /** `mediaType` is null for the complete text of a result. */
  | { readonly type: 'toolResult'; readonly hash: string; readonly mediaType: string | null }

const uploadPattern = /^\/(upl_[0-9a-z]+)$/
const attachmentPattern = /^\/([^/]+)\/(0|[1-9]\d*)$/
const toolResultPattern = /^\/([0-9a-f]{64})(?:\/([a-z0-9][\w.+-]*\/[a-z0-9][\w.+-]*))?$/

/**
 * Reads `/files/<messageId>/<partIndex>`, `/files/<upload id>` or `/files/<sha256 in hex>[/<media type>]`. Null for every
 * other path.
 */
export function parseServedFilePath(path: string): ServedFileTarget | null {
  if (!path.startsWith(`${filesPath}/`)) return null
  const name = path.slice(filesPath.length)
  const [, uploadId] = uploadPattern.exec(name) ?? []
  if (uploadId !== undefined) return { type: 'upload', id: uploadId }
  const [, hash, mediaType = null] = toolResultPattern.exec(name) ?? []
  if (hash !== undefined) return { type: 'toolResult', hash, mediaType }
  const [, id, index] = attachmentPattern.exec(name) ?? []
  const messageId = id === undefined ? null : decodePathSegment(id)
  return messageId === null ? null : { type: 'attachment', messageId, partIndex: Number(index) }
}

function decodePathSegment(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}
