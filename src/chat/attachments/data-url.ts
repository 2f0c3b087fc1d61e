export interface DecodedFile {
  readonly mediaType: string
  readonly bytes: Buffer
}

const headerPattern = /^data:(?<type>[\w.+-]+\/[\w.+*-]+)?(?:;[\w.+-]+=[^;,]*)*(?<base64>;base64)?$/i

/** The bytes in a data URL; null when it is none, or its base64 is not whole. */
export function parseDataUrl(url: string): DecodedFile | null {
  // Looked for by itself: an expression over all of a large URL would take long.
  const comma = url.indexOf(',')
  const parts = comma < 0 || comma > 1000 ? undefined : headerPattern.exec(url.slice(0, comma))?.groups
  if (!parts) return null
  const data = url.slice(comma + 1)
  const bytes = parts['base64'] ? decodeBase64(data) : decodePercentEncoding(data)
  return bytes && { mediaType: parts['type'] ?? 'text/plain', bytes }
}

export function toDataUrl(mediaType: string, bytes: Buffer): string {
  return `data:${mediaType};base64,${bytes.toString('base64')}`
}

function decodeBase64(data: string): Buffer | null {
  // Some clients encode the signs of base64 once more.
  const text = data.includes('%') ? decodePercentEncoding(data)?.toString() : data
  if (text === undefined) return null
  const length = text.length - (/={0,2}$/.exec(text.slice(-2))?.[0].length ?? 0)
  // Signs of another alphabet are passed over, and then bytes are missing: this is much faster than to look at each.
  const bytes = Buffer.from(text, 'base64')
  return length % 4 !== 1 && bytes.length === Math.floor((length * 3) / 4) ? bytes : null
}

function decodePercentEncoding(data: string): Buffer | null {
  try {
    return Buffer.from(decodeURIComponent(data))
  } catch {
    return null
  }
}
