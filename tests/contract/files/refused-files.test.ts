import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createImage, heicPhoto } from '../../support/files/images.ts'
import { createDocx, docxMediaType, docxParagraph } from '../../support/files/office-documents.ts'
import { createPdf, pdfPasswordTrailer } from '../../support/files/pdf.ts'
import { createZip } from '../../support/files/zip.ts'
import { SessionsDocument, StartChatDocument } from '../generated/graphql.ts'
import { newTestEnvironment } from '../support/test-environment.ts'
import { ask, expectRefusal } from '../support/typed-client.ts'

/** A PNG whose header says that it has 100 megapixels. */
async function createHugePng(): Promise<Buffer> {
  const bytes = await createImage('png')
  bytes.writeUInt32BE(10_000, 16)
  bytes.writeUInt32BE(10_000, 20)
  return bytes
}

async function createFiles(): Promise<readonly (readonly [mediaType: string, bytes: Buffer, code: string, RegExp])[]> {
  const bomb = createDocx(docxParagraph('Hi') + ' '.repeat(70 * 1024 * 1024))
  const encrypted = createZip([{ name: 'word/document.xml', content: 'Hi' }], 1)
  return [
    ['text/plain', Buffer.alloc(0), 'BAD_USER_INPUT', /^The file is empty\.$/],
    ['image/png', await createHugePng(), 'TOO_LARGE', /^The image has 100 megapixels\. Send one of at most 50\.$/],
    [docxMediaType, bomb, 'TOO_LARGE', /more than 64 MiB once it is unpacked/],
    [docxMediaType, encrypted, 'BAD_USER_INPUT', /password/],
    ['application/pdf', createPdf(['Secret'], pdfPasswordTrailer), 'BAD_USER_INPUT', /password/],
    ['image/heic', heicPhoto.subarray(0, 100), 'BAD_USER_INPUT', /damaged/],
  ]
}

const refusedFiles = createFiles()

test.each(['webSocket', 'sse'] as const)(
  'A file that is empty, encrypted, broken, too large or a bomb is refused, and nothing is stored, over %s',
  async (transport) => {
    await using environment = await newTestEnvironment(transport)
    const { client, segue } = environment
    const first = { name: 'a.txt', mediaType: 'text/plain', url: 'data:,Hello' }
    for (const [mediaType, bytes, code, message] of await refusedFiles) {
      const files = [first, { mediaType, url: `data:${mediaType};base64,${bytes.toString('base64')}` }]
      const error = await expectRefusal(client, StartChatDocument, { text: 'Look', files, key: 'k' })
      expect(error).toMatchObject({ code, message: expect.stringMatching(message) })
    }
    const folder = join(segue.home, 'files')
    expect(existsSync(folder) ? readdirSync(folder) : []).toEqual([])
    expect((await ask(client, SessionsDocument, {})).sessions.edges).toEqual([])
  },
)
