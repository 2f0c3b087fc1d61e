import { expect, test } from 'vitest'
import { createImage, describeImage, heicPhoto } from '../../support/files/images.ts'
import {
  createDocx,
  createXlsx,
  docxMediaType,
  docxParagraph,
  xlsxMediaType,
} from '../../support/files/office-documents.ts'
import { createPdf } from '../../support/files/pdf.ts'
import { StartChatDocument } from '../generated/graphql.ts'
import { expectReplay, followStream, isEventOfType, loadEvents, loadSession, streamChat } from '../support/chat.ts'
import { transports } from '../support/clients.ts'
import { computeDigest } from '../support/fold.ts'
import { newTestEnvironment } from '../support/test-environment.ts'
import { expectRefusal, readUntil, requireNonNull } from '../support/typed-client.ts'

const toUrl = (bytes: Buffer) => `data:application/octet-stream;base64,${bytes.toString('base64')}`

test.each(['sse', 'webSocket'] as const)(
  'Files are converted from the first event of a chat on, over %s',
  async (transport) => {
    await using environment = await newTestEnvironment(transport)
    const { client, segue } = environment
    const big = await createImage('png', { width: 8400, height: 40 })
    const files = [
      { name: 'bill.pdf', mediaType: 'application/pdf', url: toUrl(createPdf(['Invoice 4711'])) },
      { name: 'letter.docx', mediaType: docxMediaType, url: toUrl(createDocx(docxParagraph('Hello'))) },
      { name: 'sums.xlsx', mediaType: xlsxMediaType, url: toUrl(createXlsx({ Sums: [['Ann', 3]] })) },
      { name: 'IMG_1.HEIC', mediaType: 'image/heic', url: toUrl(heicPhoto) },
      { name: 'wide.png', mediaType: 'image/png', url: toUrl(big) },
    ]
    const { received, last } = await readUntil(
      streamChat(client, { text: 'Look', files }),
      isEventOfType('StreamFinished'),
    )
    const { userMessage } = requireNonNull(received.find(isEventOfType('StreamStarted')))
    expect(userMessage.parts.slice(1)).toMatchObject([
      { name: 'bill.pdf', mediaType: 'application/pdf' },
      { name: 'letter.txt', mediaType: 'text/plain' },
      { name: 'sums.txt', mediaType: 'text/plain' },
      { name: 'IMG_1.jpg', mediaType: 'image/jpeg' },
      { name: 'wide.png', mediaType: 'image/png' },
    ])
    expect(userMessage.digest).toBe(computeDigest(userMessage.parts))
    const bytes = await Promise.all(
      userMessage.parts.flatMap((part) =>
        part.type === 'FilePart' ? [fetch(segue.url + part.url).then((response) => response.arrayBuffer())] : [],
      ),
    )
    const [pdf, letter, , photo, wide] = bytes.map((each) => Buffer.from(each))
    expect([pdf?.toString('latin1', 0, 5), letter?.toString()]).toEqual(['%PDF-', 'Hello'])
    expect(await describeImage(requireNonNull(photo))).toMatchObject({ format: 'jpeg', left: 'red', right: 'blue' })
    // It is scaled for the request alone.
    expect(requireNonNull(wide).equals(big)).toBe(true)

    expectReplay(await loadEvents(client, last.sessionId), received)
    const replay = await readUntil(followStream(client, last.stream.id), isEventOfType('StreamFinished'))
    expectReplay(replay.received, received)
    const context = JSON.stringify((await loadSession(client, last.sessionId)).modelContext)
    for (const text of ['Invoice 4711', '[letter.txt]', 'Ann']) expect(context).toContain(text)
  },
)

test.each(transports)('A link to a file that has to be read is refused with what to do, over %s', async (transport) => {
  await using environment = await newTestEnvironment(transport)
  for (const [mediaType, typeName] of [
    ['application/pdf', 'A PDF'],
    ['image/heif', 'A HEIC image'],
    ['image/avif', 'An AVIF image'],
    [docxMediaType, 'A Word document'],
    [xlsxMediaType, 'A spreadsheet'],
  ] as const) {
    const file = { mediaType, url: 'https://example.org/file' }
    expect(await expectRefusal(environment.client, StartChatDocument, { text: 'Look', files: [file] })).toMatchObject({
      code: 'BAD_USER_INPUT',
      path: ['input', 'files', 0, 'url'],
      message: expect.stringMatching(new RegExp(`^${typeName} cannot be sent by its https URL.* POST /files`)),
    })
  }
})
