import { searchLetterReplacements, listUnicodeZeroDigits, toAsciiDigit } from '../../search/equivalent-characters.ts'

/** More would make the lookup slower than a scan. */
const maxSpellings = 256

const digits = /\p{Nd}/gu
/** An apostrophe between letters, in any form. `unicode61` takes the punctuation as a gap and the letters as letters. */
const apostrophes = /(?<=\p{L})['\u2018\u2019`\u00b4\u02b9-\u02bf\u02ee](?=\p{L})/gu
const apostropheSpellings = ["'", '\u02bc', '\u02bb', '\u02b9', '\u02be']

/** Forms of one letter in scripts whose keyboards differ. Plain Latin letters have too many to look all of them up. */
const letterForms: ReadonlyMap<string, readonly string[]> = groupForms()

/**
 * The spellings of a phrase that Segue's analyzer takes as equal and that a full-text index of Hermes with the tokenizer
 * `unicode61` keeps apart: digits of other scripts, forms of an Arabic or Greek letter, and apostrophes. Null if there are
 * too many.
 */
export function listHermesPhraseSpellings(phrase: string): readonly string[] | null {
  let spellings = ['']
  for (const character of phrase) {
    const forms = letterForms.get(character.toLowerCase()) ?? [character]
    spellings = spellings.flatMap((prefix) => forms.map((form) => prefix + form))
    if (spellings.length > maxSpellings) return null
  }
  spellings = spellings.flatMap(spellDigits).flatMap(spellApostrophes)
  return spellings.length > maxSpellings ? null : spellings
}

/** A number is written in the digits of one script. */
function spellDigits(text: string): string[] {
  if (text.search(digits) < 0) return [text]
  return listUnicodeZeroDigits().map((zero) =>
    text.replaceAll(digits, (digit) => String.fromCodePoint(zero + Number(toAsciiDigit(digit)))),
  )
}

function spellApostrophes(text: string): string[] {
  if (text.search(apostrophes) < 0) return [text]
  return apostropheSpellings.map((spelling) => text.replaceAll(apostrophes, spelling))
}

function groupForms(): Map<string, readonly string[]> {
  const groups = new Map<string, string[]>()
  for (const [letter, plain] of searchLetterReplacements)
    if (plain.length === 1 && plain > '\x7f') groups.set(plain, [...(groups.get(plain) ?? [plain]), letter])
  return new Map([...groups.values()].flatMap((forms) => forms.map((form) => [form, forms] as const)))
}
