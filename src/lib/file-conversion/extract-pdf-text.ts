import { getDocumentProxy } from 'unpdf'
import { maxDocumentTextBytes } from './conversion-limits.ts'
import { FileConversionError } from './file-conversion-error.ts'

export interface PdfText {
  readonly pageCount: number
  /** Of each page, in order, up to 1 MiB in all. */
  readonly pages: readonly string[]
}

/** Reads the text of a PDF, which may be none, as in scans. Throws FileConversionError. */
export async function extractPdfText(bytes: Uint8Array): Promise<PdfText> {
  try {
    // It takes the bytes away from their buffer.
    const pdf = await getDocumentProxy(new Uint8Array(bytes), {
      verbosity: 0,
      disableFontFace: true,
    })
    try {
      return { pageCount: pdf.numPages, pages: await readPages(pdf) }
    } finally {
      await pdf.loadingTask.destroy()
    }
  } catch (error) {
    throw toConversionError(error)
  }
}

type PdfDocument = Awaited<ReturnType<typeof getDocumentProxy>>

async function readPages(pdf: PdfDocument): Promise<string[]> {
  const pages: string[] = []
  let remainingBytes = maxDocumentTextBytes
  for (let number = 1; number <= pdf.numPages && remainingBytes > 0; number += 1) {
    const page = await pdf.getPage(number)
    const { items } = await page.getTextContent()
    const text = items
      .map((item) => ('str' in item ? item.str + (item.hasEOL ? '\n' : '') : ''))
      .join('')
      .toWellFormed()
      .replaceAll('\0', '')
      .trim()
    page.cleanup()
    const bytes = Buffer.byteLength(text)
    if (bytes > remainingBytes) break
    remainingBytes -= bytes
    pages.push(text)
  }
  return pages
}

function toConversionError(cause: unknown): FileConversionError {
  const isEncrypted = cause instanceof Error && cause.name === 'PasswordException'
  return isEncrypted
    ? new FileConversionError('encrypted', 'The PDF has a password. Remove it, and send the file again.', { cause })
    : new FileConversionError('damaged', 'The PDF is damaged: it cannot be read. Send another copy of it.', { cause })
}
