/** A shorter passage may be in a request by chance. In letters, digits and the spaces between words. */
const minQuotationLength = 20

/**
 * Removes the passages of an error's text that repeat the request: they are words of the chat, of Segue or of a tool, and
 * say nothing about why the request failed. `request` is the body as an object.
 */
export function removeQuotations(text: string, request: unknown): string {
  const passages = text.match(passagePattern)?.map(normalize) ?? []
  if (!passages.some(({ length }) => length >= minQuotationLength)) return text
  const sent = listTexts(request).map(normalize)
  const isQuotation = (passage: string): boolean =>
    passage.length >= minQuotationLength && sent.some((each) => each.includes(passage))
  return text.replace(passagePattern, (passage) => (isQuotation(normalize(passage)) ? ' ' : passage))
}

/** Errors quote parts of sentences, too. */
const passagePattern = /[^.,:;!?"“”()[\]\n]+/g

/** Quotations may be escaped, once or twice, or have other spaces and line breaks. */
function normalize(text: string): string {
  return text
    .toLowerCase()
    .replace(/\\{1,4}(?:u[\da-f]{4}|[a-z"])/g, ' ')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}

/** The texts in a value. Files are strings as well, of megabytes without a space. */
function listTexts(value: unknown): string[] {
  if (typeof value === 'string') return value.length < 1000 || /\s/.test(value.slice(0, 1000)) ? [value] : []
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(listTexts) : []
}
