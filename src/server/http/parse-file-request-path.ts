import { filesPath } from '../../schema/chat/file-url.ts'

/** What a path below `/files` refers to. */
export type FileRequestTarget =
  | { readonly type: 'attachment'; readonly messageId: string; readonly partIndex: number }
  | { readonly type: 'toolResult'; readonly hash: string }

const attachmentPattern = /^\/([^/]+)\/(0|[1-9]\d*)$/
const toolResultPattern = /^\/([0-9a-f]{64})$/

/** Reads `/files/<messageId>/<partIndex>` or `/files/<sha256 in hex>`. Null for every other path. */
export function parseFileRequestPath(path: string): FileRequestTarget | null {
  if (!path.startsWith(`${filesPath}/`)) return null
  const name = path.slice(filesPath.length)
  const hash = toolResultPattern.exec(name)?.[1]
  if (hash !== undefined) return { type: 'toolResult', hash }
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
