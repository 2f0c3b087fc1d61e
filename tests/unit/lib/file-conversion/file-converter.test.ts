import { deflateSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { FileConversionError } from '../../../../src/lib/file-conversion/file-conversion-error.ts'
import { FileConverter, type FileConverterOptions } from '../../../../src/lib/file-conversion/file-converter.ts'
import { createImage, describeImage, heicPhoto } from '../../../support/files/images.ts'
import { createDocx, createXlsx, docxParagraph, docxTable } from '../../../support/files/office-documents.ts'
import { createPdf, createPdfOfContents, pdfPasswordTrailer } from '../../../support/files/pdf.ts'
import { createZip } from '../../../support/files/zip.ts'

const converter = new FileConverter()
afterAll(() => converter.close())

async function problemOf(conversion: Promise<unknown>): Promise<string> {
  try {
    await conversion
    return 'none'
  } catch (error) {
    if (!(error instanceof FileConversionError)) throw error
    return error.problem
  }
}

describe('an image becomes JPEG', () => {
  test('from HEIC', async () => {
    const { bytes, mediaType } = await converter.convertToJpeg(heicPhoto, 'heic')
    expect(mediaType).toBe('image/jpeg')
    expect(await describeImage(bytes)).toEqual({ format: 'jpeg', width: 96, height: 64, left: 'red', right: 'blue' })
  })

  test('from AVIF', async () => {
    const { bytes } = await converter.convertToJpeg(await createImage('avif'), 'avif')
    expect(await describeImage(bytes)).toMatchObject({ format: 'jpeg', width: 96, left: 'red', right: 'blue' })
  })

  test.each(['heic', 'avif'] as const)('not if it is damaged %s', async (format) => {
    const whole = format === 'heic' ? heicPhoto : await createImage('avif')
    expect(await problemOf(converter.convertToJpeg(whole.subarray(0, whole.length - 60), format))).toBe('damaged')
    expect(await problemOf(converter.convertToJpeg(whole.subarray(0, 30), format))).toBe('damaged')
  })

  test('not if it has more than 50 megapixels', async () => {
    const huge = Buffer.from(await createImage('avif'))
    // The width and height in its `ispe` box, which readers trust.
    const size = huge.indexOf('ispe') + 8
    huge.writeUInt32BE(9000, size)
    huge.writeUInt32BE(9000, size + 4)
    expect(['too-large', 'damaged']).toContain(await problemOf(converter.convertToJpeg(huge, 'avif')))
  })
})

describe('an image becomes smaller', () => {
  test('in width and height', async () => {
    const image = await createImage('png', { width: 400, height: 200 })
    const { bytes, mediaType } = await converter.scaleImage(image, { maxBytes: 1e6, maxEdge: 100 })
    expect(mediaType).toBe('image/jpeg')
    expect(await describeImage(bytes)).toEqual({ format: 'jpeg', width: 100, height: 50, left: 'red', right: 'blue' })
  })

  test('in bytes', async () => {
    const image = await createImage('jpeg', { width: 600, height: 600, noise: true })
    const { bytes } = await converter.scaleImage(image, { maxBytes: 20_000, maxEdge: 8000 })
    expect(bytes.length).toBeLessThanOrEqual(20_000)
    expect(await describeImage(bytes)).toMatchObject({ format: 'jpeg', left: 'red' })
  })

  test('and stands the right way up', async () => {
    const image = await createImage('jpeg', { width: 400, height: 200, orientation: 3 })
    const { bytes } = await converter.scaleImage(image, { maxBytes: 1e6, maxEdge: 100 })
    expect(await describeImage(bytes)).toMatchObject({ left: 'blue', right: 'red' })
  })
})

describe('the text of a PDF', () => {
  test('is read page by page', async () => {
    const pdf = createPdf(['First page\nwith two lines', 'Second (page)'])
    expect(await converter.extractPdfText(pdf)).toEqual({
      pageCount: 2,
      pages: ['First page\nwith two lines', 'Second (page)'],
    })
  })

  test('may be none', async () => {
    expect(await converter.extractPdfText(createPdf(['']))).toEqual({ pageCount: 1, pages: [''] })
  })

  test('is not read if the PDF is damaged or has a password', async () => {
    expect(await problemOf(converter.extractPdfText(Buffer.from('%PDF-1.7\nnothing')))).toBe('damaged')
    expect(await problemOf(converter.extractPdfText(createPdf(['Secret'], pdfPasswordTrailer)))).toBe('encrypted')
  })
})

describe('the text of an Office document', () => {
  test('has the headings, lists and tables of Word', async () => {
    const docx = createDocx(
      docxParagraph('Report', 'Heading1') +
        docxParagraph('A &amp; B') +
        docxTable([
          ['Name', 'Sum'],
          ['Ann', '3'],
        ]),
    )
    expect(await converter.extractOfficeText(docx, 'docx')).toBe('# Report\n\nA & B\n\nName\tSum\nAnn\t3')
  })

  test('has the sheets of a spreadsheet, with a line for each row', async () => {
    const xlsx = createXlsx({
      Sums: [
        ['Name', 'Sum'],
        ['Ann', 3.5],
      ],
      Empty: [],
      Notes: [['Done']],
    })
    expect(await converter.extractOfficeText(xlsx, 'xlsx')).toBe('# Sums\nName\tSum\nAnn\t3.5\n\n# Notes\nDone')
  })

  test('is not read if the document is damaged, empty or has a password', async () => {
    const docx = createDocx(docxParagraph('Hello'))
    expect(await problemOf(converter.extractOfficeText(docx.subarray(0, -100), 'docx'))).toBe('damaged')
    expect(await problemOf(converter.extractOfficeText(createZip([{ name: 'word/a', content: 'a' }]), 'docx'))).toBe(
      'damaged',
    )
    expect(await problemOf(converter.extractOfficeText(createDocx(''), 'docx'))).toBe('damaged')
    expect(await problemOf(converter.extractOfficeText(createXlsx({ A: [] }), 'xlsx'))).toBe('damaged')
    expect(await problemOf(converter.extractOfficeText(createDocx('', 1), 'docx'))).toBe('encrypted')
  })
})

describe('a file that is made to exhaust the server is refused, and the next one is converted', () => {
  const limited = (options: FileConverterOptions) => {
    const limitedConverter = new FileConverter(options)
    return { [Symbol.asyncDispose]: () => limitedConverter.close(), converter: limitedConverter }
  }

  test('an archive of many zeros', async () => {
    const bomb = createDocx(docxParagraph('Hi') + ' '.repeat(70 * 1024 * 1024))
    expect(bomb.length).toBeLessThan(200_000)
    expect(await problemOf(converter.extractOfficeText(bomb, 'docx'))).toBe('too-large')
    expect(await converter.extractOfficeText(createDocx(docxParagraph('Hi')), 'docx')).toBe('Hi')
  })

  test('a PDF whose page is gigabytes once it is unpacked', async () => {
    await using strict = limited({ maxMemoryBytes: 64 * 1024 * 1024 })
    const once = deflateSync(Buffer.alloc(200 * 1024 * 1024, ' '), { level: 1 })
    const reading = strict.converter.extractPdfText(createPdfOfContents([once]))
    const next = strict.converter.extractPdfText(createPdf(['Hello']))
    expect(await problemOf(reading)).toBe('too-large')
    expect(await next).toEqual({ pageCount: 1, pages: ['Hello'] })
  })

  test('a file that takes too long', async () => {
    await using strict = limited({ timeoutMs: 1 })
    expect(await problemOf(strict.converter.extractPdfText(createPdf(['Hello'])))).toBe('too-large')
  })
})
