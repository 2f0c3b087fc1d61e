import { maxDocumentTextBytes } from './conversion-limits.ts'
import { FileConversionError } from './file-conversion-error.ts'
import { documentHtmlToText } from './document-html-to-text.ts'
import { loadConversionPackage } from './load-conversion-package.ts'
import { assertZipWithinLimits } from './zip-archive.ts'

const textAdvice = 'Send the document as PDF or as text.'

/** Reads the text of a Word document: headings, lists, and tables with a line for each row. Throws FileConversionError. */
export async function extractDocxText(bytes: Uint8Array): Promise<string> {
  const { default: mammoth } = await loadConversionPackage('mammoth', textAdvice, () => import('mammoth'))
  return extractText(bytes, async (buffer) => {
    const convertImage = mammoth.images.imgElement(async () => ({ src: '' }))
    const { value } = await mammoth.convertToHtml({ buffer }, { convertImage, externalFileAccess: false })
    return documentHtmlToText(value)
  })
}

/** Reads the cells of a spreadsheet: a line for each row, a tab between two cells. Throws FileConversionError. */
export async function extractXlsxText(bytes: Uint8Array): Promise<string> {
  const load = () => import('read-excel-file/node')
  const { default: readXlsxFile } = await loadConversionPackage('read-excel-file', textAdvice, load)
  return extractText(bytes, async (buffer) => {
    const sheets = await readXlsxFile(buffer)
    return sheets
      .filter(({ data }) => data.length > 0)
      .map(({ sheet, data }) => [`# ${sheet}`, ...data.map(formatRow)].join('\n'))
      .join('\n\n')
  })
}

async function extractText(bytes: Uint8Array, read: (buffer: Buffer) => Promise<string>): Promise<string> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  assertZipWithinLimits(buffer)
  const text = await read(buffer).catch((cause: unknown) => {
    throw new FileConversionError('damaged', 'The document is damaged. Send another copy of it.', { cause })
  })
  const wellFormed = text.toWellFormed().replaceAll('\0', '').trim()
  if (wellFormed === '')
    throw new FileConversionError('damaged', 'The document has no text. Send it as a PDF or as images.')
  if (Buffer.byteLength(wellFormed) > maxDocumentTextBytes) {
    const limit = `${maxDocumentTextBytes / 1024 / 1024} MiB`
    throw new FileConversionError('too-large', `The document has more than ${limit} of text. Send a part of it.`)
  }
  return wellFormed
}

function formatRow(cells: readonly unknown[]): string {
  return cells.map(formatCell).join('\t').trimEnd()
}

/** A date without a time is midnight in UTC. */
function formatCell(value: unknown): string {
  if (value === null || value === undefined) return ''
  const text = value instanceof Date ? value.toISOString().replace(/T00:00:00\.000Z$/, '') : String(value)
  return text.replaceAll(/\s+/g, ' ').trim()
}
