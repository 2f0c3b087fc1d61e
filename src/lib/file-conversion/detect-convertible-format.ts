import { hasZipDirectory, listZipEntryNames } from './zip-archive.ts'

/** The formats of files that models are not sent as they are, or that only some models read. */
export type ConvertibleFormat = 'avif' | 'docx' | 'heic' | 'pdf' | 'xlsx'

/** What a file is, if it is a document or an image that browsers do not show, or cannot be converted. */
export type DetectedFileFormat =
  | ConvertibleFormat
  | 'damaged-zip'
  | 'encrypted-office'
  | 'legacy-office'
  | 'pptx'
  | 'zip'

/** Some programs write blanks or a byte order mark before the header. */
const pdfHeader = /^(\xef\xbb\xbf)?[\s\0]{0,1000}%PDF-\d/
const compoundFileHeader = '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'
/** The name of the stream of an Office document with a password, as in the directory of its compound file. */
const encryptedStreamName = Buffer.from('EncryptedPackage', 'utf16le')

/** Detects the format of bytes by what they contain. Null: any other, such as text or the images that browsers show. */
export function detectFileFormat(bytes: Buffer): DetectedFileFormat | null {
  if (bytes.toString('latin1', 4, 8) === 'ftyp') return detectImageBrand(bytes)
  if (pdfHeader.test(bytes.toString('latin1', 0, 1024))) return 'pdf'
  const start = bytes.toString('latin1', 0, 8)
  if (start === compoundFileHeader) return bytes.includes(encryptedStreamName) ? 'encrypted-office' : 'legacy-office'
  return start.startsWith('PK\x03\x04') ? detectZipContent(bytes) : null
}

/** The brands of an ISO base media file: the major one, a version, then those that it is compatible with. */
function detectImageBrand(bytes: Buffer): 'avif' | 'heic' | null {
  const boxBytes = Math.min(bytes.length >= 4 ? bytes.readUInt32BE(0) : 0, 256)
  const brands = new Set([bytes.toString('latin1', 8, 12)])
  for (let offset = 16; offset + 4 <= boxBytes; offset += 4) brands.add(bytes.toString('latin1', offset, offset + 4))
  if (brands.has('avif') || brands.has('avis')) return 'avif'
  return [...brands].some((brand) => /^(he[iv][cxms]|mif1|msf1)$/.test(brand)) ? 'heic' : null
}

function detectZipContent(bytes: Buffer): DetectedFileFormat {
  if (!hasZipDirectory(bytes)) return 'damaged-zip'
  const names = listZipEntryNames(bytes) ?? []
  if (names.some((name) => name.startsWith('word/'))) return 'docx'
  if (names.some((name) => name.startsWith('xl/'))) return 'xlsx'
  return names.some((name) => name.startsWith('ppt/')) ? 'pptx' : 'zip'
}
