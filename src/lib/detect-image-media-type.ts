import { isUtf8 } from 'node:buffer'

const detectableLabel = /^image\/(png|jpe?g|gif|webp)$/

/** The media type of an image that browsers show, by its first bytes. Null for all other bytes. */
export function detectImageMediaType(bytes: Buffer): string | null {
  const start = bytes.toString('latin1', 0, 12)
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png'
  if (start.startsWith('\xff\xd8\xff')) return 'image/jpeg'
  if (/^GIF8[79]a/.test(start)) return 'image/gif'
  return /^RIFF.{4}WEBP/s.test(start) ? 'image/webp' : null
}

/**
 * The media type of bytes that another program has labelled. The bytes count where they show their type. An image that is
 * text, such as the page of an error, or that is empty becomes application/octet-stream: providers refuse a whole request
 * for an image that is none.
 */
export function correctMediaType(bytes: Buffer, label: string): string {
  return (
    detectImageMediaType(bytes) ?? (detectableLabel.test(label) && isText(bytes) ? 'application/octet-stream' : label)
  )
}

function isText(bytes: Buffer): boolean {
  return isUtf8(bytes) && !bytes.subarray(0, 4096).some((byte) => byte < 9)
}
