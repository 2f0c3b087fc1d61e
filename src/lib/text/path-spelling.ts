/** An escape of an ASCII character in a URL, escaped once or more often; or the longer form of `.` or `/`, which is not valid. */
const escapePattern = /%(?:25)*(?:([0-7][\da-f])|c0%(?:25)*(ae|af))/gi
const invisiblePattern = /[\p{Cc}\p{Default_Ignorable_Code_Point}]/gu

/**
 * A path or URL as lenient programs read it: escapes decoded, look-alikes of ASCII characters replaced, characters that nobody
 * sees taken out, and `/` as the only separator.
 */
function readLeniently(text: string): string {
  return text
    .normalize('NFKC')
    .replaceAll(escapePattern, (_, code: string | undefined, overlong: string | undefined) => {
      if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16))
      return overlong?.toLowerCase() === 'ae' ? '.' : '/'
    })
    .replaceAll(invisiblePattern, '')
    .replaceAll('\\', '/')
}

/**
 * Whether a path or URL has a segment `..`, however it is written. Windows ignores spaces around a segment and may have a drive
 * before it; URLs may have parameters after it.
 */
export function hasParentSegment(text: string): boolean {
  return readLeniently(text)
    .split('/')
    .some((segment) => /^\s*(?:[a-z]:)?\s*\.\.\s*(?:;|$)/i.test(segment))
}

/** A path so that others which may lead to the same file are spelled the same: case, separators, `.` and escapes aside. */
export function toComparablePath(path: string): string {
  return readLeniently(path)
    .toLowerCase()
    .replaceAll(/\/(?:\.?\/)+/g, '/')
    .replace(/^(?:\.\/)+/, '')
}
