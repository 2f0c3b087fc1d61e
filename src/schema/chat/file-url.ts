import { filesPath } from '../../model/blob-url.ts'

/** The URL of an attached file: the https URL that it was sent with, or a path on this server. */
export function toAttachmentUrl(part: {
  readonly url: string
  readonly messageId: string
  readonly index: number
}): string {
  if (/^https:/i.test(part.url)) return part.url
  return `${filesPath}/${encodeURIComponent(part.messageId)}/${part.index}`
}

/** The path of a complete tool result, which is stored under its hash because it is too large for the log. */
export function toToolResultUrl(hash: string): string {
  return `${filesPath}/${hash}`
}
