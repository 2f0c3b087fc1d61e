/** Letters that Unicode's normal forms do not decompose, with their usual spelling in plain letters. */
export const searchLetterReplacements: ReadonlyMap<string, string> = new Map([
  ['ß', 'ss'],
  ['æ', 'ae'],
  ['œ', 'oe'],
  ['ø', 'o'],
  ['đ', 'd'],
  ['ł', 'l'],
  ['ı', 'i'],
  ['ς', 'σ'],
  // Keyboards for Persian, Urdu and Kurdish type other forms of the same Arabic letters.
  ['ى', 'ي'],
  ['ی', 'ي'],
  ['ک', 'ك'],
  ['ة', 'ه'],
  ['ە', 'ه'],
  ['ہ', 'ه'],
  ['ھ', 'ه'],
])

/** Letters to Unicode, but others write a punctuation mark in their place, as in the Ukrainian комп'ютер. */
export const apostropheLetters = String.raw`\u02b9-\u02bf\u02c8\u02ca\u02cb\u02ee\ua78b\ua78c`

const decimalDigit = /\p{Nd}/u
const maxCodePoint = 0x1ffff // no plane beyond has digits

/** The ASCII digit of the same value. Unicode encodes the digits of a script as one or several runs from 0 to 9. */
export function toAsciiDigit(digit: string): string {
  const code = digit.codePointAt(0) ?? 0
  let zero = code
  while (decimalDigit.test(String.fromCodePoint(zero - 1))) zero -= 1
  return String((code - zero) % 10)
}

let digitZeros: readonly number[] | null = null

/** The code points of the digit 0 in all scripts. */
export function listUnicodeZeroDigits(): readonly number[] {
  return (digitZeros ??= [...findDigitZeros()])
}

function* findDigitZeros(): Generator<number, void, void> {
  for (let code = 0; code <= maxCodePoint; code += 1) {
    if (!decimalDigit.test(String.fromCodePoint(code))) continue
    yield code
    code += 9
  }
}
