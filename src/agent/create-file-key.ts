import { hash } from 'node:crypto'

const dataUrlPattern = /^data:[^,]{0,1000};base64,/i

/**
 * Identifies a file in requests to models: the SHA-256 of its bytes, as for a stored file, or of its URL. In lowercase hex.
 * `data` is a URL, base64 or the bytes.
 */
export function createFileKey(data: string | Uint8Array): string {
  if (typeof data !== 'string') return hash('sha256', data)
  const header = dataUrlPattern.exec(data.slice(0, 1100))?.[0]
  return hash('sha256', header === undefined ? data : Buffer.from(data.slice(header.length), 'base64'))
}
