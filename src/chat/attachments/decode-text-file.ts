const boms: readonly (readonly [encoding: string, bytes: readonly number[]])[] = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
]
/** Control characters that no text contains. C1 controls are what windows-1252 makes of bytes that it does not define. */
// oxlint-disable-next-line no-control-regex
const binaryCharacter = /[\0-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f]/
/** The share of zero bytes at even or odd places from which Latin text in UTF-16 without a BOM is assumed. */
const minZeroShare = 0.3

/**
 * The text of a file, whatever its encoding: UTF-8, UTF-16 with a BOM or with mostly Latin text, or else Latin-1, which is
 * read as windows-1252. Null if the bytes are no text in any of them.
 */
export function decodeTextFile(bytes: Buffer): string | null {
  const bom = boms.find(([, start]) => start.every((byte, index) => bytes[index] === byte))
  const encodings = bom ? [bom[0]] : [...guessUtf16(bytes), 'utf-8', 'windows-1252']
  for (const encoding of encodings) {
    const text = decode(bytes, encoding)
    if (text !== null && !binaryCharacter.test(text)) return text
  }
  return null
}

function guessUtf16(bytes: Buffer): string[] {
  const zeros = [0, 0]
  const sample = bytes.subarray(0, 4096)
  for (const [index, byte] of sample.entries()) if (byte === 0) zeros[index % 2] = (zeros[index % 2] ?? 0) + 1
  const [even = 0, odd = 0] = zeros.map((count) => count / (sample.length / 2))
  if (bytes.length % 2 === 1 || Math.max(even, odd) < minZeroShare) return []
  return [even > odd ? 'utf-16be' : 'utf-16le']
}

function decode(bytes: Buffer, encoding: string): string | null {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}
