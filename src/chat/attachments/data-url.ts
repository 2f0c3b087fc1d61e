export interface DecodedDataUrl {
  readonly mediaType: string
  readonly bytes: Buffer
}

const maxHeaderCodeUnits = 1000
const headerPattern = /^data:(?<type>[\w.+-]+\/[\w.+*-]+)?(?:;[\w.+-]+=[^;,]*)*(?<base64>;base64)?$/i

/** The content of a data URL (RFC 2397). Null for any other URL, and for invalid or truncated base64. */
export function parseDataUrl(url: string): DecodedDataUrl | null {
  // Find the comma first: a regular expression over a large URL would be slow.
  const comma = url.indexOf(',')
  const header = comma < 0 || comma > maxHeaderCodeUnits ? undefined : headerPattern.exec(url.slice(0, comma))?.groups
  if (!header) return null
  const data = url.slice(comma + 1)
  const bytes = header['base64'] ? decodeBase64(data) : decodePercentEncoding(data)
  return bytes && { mediaType: header['type'] ?? 'text/plain', bytes }
}

export function toDataUrl(mediaType: string, bytes: Buffer): string {
  return `data:${mediaType};base64,${bytes.toString('base64')}`
}

/** The text of a file; null if it is not valid UTF-8. */
export function decodeUtf8({ bytes }: DecodedDataUrl): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}

function decodeBase64(data: string): Buffer | null {
  // Some clients percent-encode the base64.
  const decoded = data.includes('%') ? decodePercentEncoding(data)?.toString() : data
  // MIME breaks base64 into lines of 76 characters (RFC 2045).
  const text = decoded?.replaceAll(/\r?\n/g, '')
  if (text === undefined) return null
  const length = text.length - (/={0,2}$/.exec(text.slice(-2))?.[0].length ?? 0)
  // Buffer.from skips invalid characters, so there are fewer bytes then. Counting is much faster than a check of each.
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
