import { filesPath } from '../../model/message-content/blob-url.ts'

/** The path of a complete tool result, which is stored under its hash because it is too large for the log. */
export function toToolResultUrl(hash: string): string {
  return `${filesPath}/${hash}`
}
