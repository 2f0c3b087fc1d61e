/** Where the server serves files that were not given as https. */
export const filesPath = '/files'

/** How a client reaches a file of a message: where it lies already, or at a path of this server. */
export function toAttachmentUrl(part: {
  readonly url: string
  readonly messageId: string
  readonly index: number
}): string {
  if (/^https:/i.test(part.url)) return part.url
  return `${filesPath}/${encodeURIComponent(part.messageId)}/${part.index}`
}

/** How a client reaches what is kept whole because it is too large for the log, by its hash. */
export function toToolResultUrl(hash: string): string {
  return `${filesPath}/${hash}`
}
