import { rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ChatClient } from '../../support/clients/chat-client.ts'
import { createImage, heicPhoto } from '../../support/files/images.ts'
import { createDocx, createXlsx, docxParagraph } from '../../support/files/office-documents.ts'
import { createPdf } from '../../support/files/pdf.ts'
import { type ServerProcess, startServerProcess } from '../../support/server/server-process.ts'
import { newTempFolder } from '../../support/server/segue.ts'

/** Has every import of a converter fail, as on a machine for which a package has no binary. */
const hook = `import { registerHooks } from 'node:module'
registerHooks({
  resolve(specifier, context, next) {
    if (/^(sharp|heic-decode|unpdf|mammoth|read-excel-file)(\\/|$)/.test(specifier)) throw new Error('It does not run here.')
    return next(specifier, context)
  },
})`

const home = newTempFolder()
let server: ServerProcess
let client: ChatClient

beforeAll(async () => {
  const url = `data:text/javascript,${encodeURIComponent(hook)}`
  server = await startServerProcess({
    argv: ['--port', '0', '--home', home, '--no-hermes'],
    env: { NODE_OPTIONS: `--import ${url}` },
  })
  client = new ChatClient(server.url)
})

afterAll(async () => {
  await client[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
  rmSync(home, { recursive: true, force: true })
})

const upload = async (name: string, bytes: Buffer) => {
  const response = await fetch(`${server.url}/files?name=${name}`, { method: 'POST', body: new Uint8Array(bytes) })
  return { status: response.status, body: await response.text() }
}

test.each([
  ['photo.heic', async () => heicPhoto, 'Send the image as JPEG or PNG.'],
  ['photo.avif', () => createImage('avif'), 'because the package sharp does not run on it.'],
  ['a.docx', async () => createDocx(docxParagraph('Hello')), 'because the package mammoth does not run on it.'],
  ['a.xlsx', async () => createXlsx({ A: [['Hello']] }), 'because the package read-excel-file does not run on it.'],
])('where its converter does not run, %s is refused with the reason', async (name, createBytes, message) => {
  const { status, body } = await upload(name, await createBytes())
  expect(status).toBe(400)
  expect(body).toContain('BAD_USER_INPUT')
  expect(body).toContain(message)
})

test('where no converter runs, PDFs and images stay as they are, and chats go on', async () => {
  const files: { mediaType: string; url: string }[] = []
  for (const [name, mediaType, bytes] of [
    ['bill.pdf', 'application/pdf', createPdf(['Invoice 4711'])],
    ['wide.png', 'image/png', await createImage('png', { width: 8400, height: 40 })],
  ] as const) {
    const { status, body } = await upload(name, bytes)
    expect({ status, ...JSON.parse(body) }).toMatchObject({ status: 201, mediaType, name, size: bytes.length })
    files.push({ mediaType, url: JSON.parse(body).url })
  }
  const { id } = await client.start({ text: 'Look', files })
  for await (const event of client.followStream(id))
    if (event.type === 'StreamFinished') expect(event).toMatchObject({ status: 'COMPLETED' })
})
