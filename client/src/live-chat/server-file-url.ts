import type { SegueClient } from '../segue-client.ts'

const filesPath = '/files/'

/** The URL with which the server knows a file of its own, of one that `client.fileUrl` made of it. Any other URL as it is. */
export function toServerFileUrl(client: Pick<SegueClient, 'fileUrl'>, url: string): string {
  const base = client.fileUrl(filesPath)
  return url.startsWith(base) ? filesPath + url.slice(base.length) : url
}
