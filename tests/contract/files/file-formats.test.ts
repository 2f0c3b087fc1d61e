import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { ProviderType } from '../../../src/config/profile/provider.ts'
import { createImage, describeImage } from '../../support/files/images.ts'
import { createPdf, pdfPasswordTrailer } from '../../support/files/pdf.ts'
import { newProvider } from '../../support/providers/provider.ts'
import { startTestSegue } from '../../support/server/segue.ts'
import { startHttpServer } from '../../support/server/small-server.ts'
import { StartChatDocument } from '../generated/graphql.ts'
import { isEventOfType, streamChat } from '../support/chat.ts'
import { connect, type Transport } from '../support/clients.ts'
import { expectRefusal, readUntil, requireNonNull } from '../support/typed-client.ts'

const pdf = createPdf(['Invoice 4711', 'Sum: 12'])
const pdfUrl = `data:application/pdf;base64,${pdf.toString('base64')}`
const pdfText = '[bill.pdf]\n[Page 1]\nInvoice 4711\n\n[Page 2]\nSum: 12'
const refusal = { error: { type: 'invalid_request_error', message: 'This model does not support PDF input.' } }
const bodySchema = z.object({ messages: z.array(z.object({ content: z.unknown() })) })

interface SentFile {
  readonly name: string
  readonly mediaType: string
  readonly url: string
}

/**
 * Sends a message with a file to a model of a provider that first refuses the request. Returns what it was sent as the
 * user's message, each time, and the model's context.
 */
async function sendTo(transport: Transport, type: ProviderType, model: string, file: SentFile) {
  const bodies: string[] = []
  await using provider = await startHttpServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (chunk: string) => void (body += chunk))
    request.on('end', () => {
      bodies.push(body)
      response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify(refusal))
    })
  })
  const local = newProvider({ name: 'local', type, baseURL: provider.url, apiKey: 'k', models: [model] })
  await using segue = await startTestSegue({ settings: { providers: [local], model: `local/${model}` } })
  await using client = connect(transport, segue.url)
  const { received, last } = await readUntil(
    streamChat(client, { text: 'Look', files: [file] }),
    isEventOfType('StreamFinished'),
  )
  const contents = bodies
    .filter((body) => body.includes('Look'))
    .map((body) => bodySchema.parse(JSON.parse(body)).messages.at(-1)?.content)
  const { userMessage } = requireNonNull(received.find(isEventOfType('StreamStarted')))
  const [part] = userMessage.parts.flatMap((each) => (each.type === 'FilePart' ? [each] : []))
  return { contents, part, status: last.status }
}

describe.each(['webSocket', 'sse'] as const)('over %s,', (transport) => {
  describe('a PDF is stored as it is, and sent', () => {
    const bill = { name: 'bill.pdf', mediaType: 'application/pdf', url: pdfUrl }

    test.each<[ProviderType, string, object]>([
      [
        'anthropic',
        'claude-sonnet-4-5',
        { type: 'document', source: { type: 'base64', data: pdf.toString('base64') } },
      ],
      ['openai', 'gpt-4o', { type: 'file', file: { filename: 'bill.pdf', file_data: pdfUrl } }],
    ])(
      'to a model of the type %s that takes it, and as text once the model has refused it',
      async (type, model, form) => {
        const { contents, part } = await sendTo(transport, type, model, bill)
        expect(part).toMatchObject({ mediaType: 'application/pdf', name: 'bill.pdf' })
        expect(contents[0]).toMatchObject([{ text: 'Look' }, form])
        expect(JSON.stringify(contents[1])).toContain(JSON.stringify(pdfText).slice(1, -1))
        expect(JSON.stringify(contents[1])).not.toContain('JVBERi')
      },
    )

    test.each<[ProviderType, string]>([
      ['anthropic', 'other'],
      ['openai', 'gpt-3.5-turbo'],
      ['openai-compatible', 'gpt-4o'],
    ])('as text to a model of the type %s that is not known to take it', async (type, model) => {
      const { contents } = await sendTo(transport, type, model, bill)
      expect(contents[0]).toMatchObject([{ text: 'Look' }, { type: 'text', text: pdfText }])
    })

    test('whose pages are pictures, as a line that says so', async () => {
      const url = `data:application/pdf;base64,${createPdf(['']).toString('base64')}`
      const { contents } = await sendTo(transport, 'openai-compatible', 'test', { ...bill, url })
      expect(JSON.stringify(contents[0])).toContain('This PDF has no text')
    })
  })

  test.each([
    ['has a password', createPdf(['Secret'], pdfPasswordTrailer), /password/],
    ['is damaged', Buffer.from('%PDF-1.7\nnothing'), /damaged/],
  ])('a PDF that %s is refused', async (_, bytes, message) => {
    await using segue = await startTestSegue()
    await using client = connect(transport, segue.url)
    const file = { name: 'a.pdf', mediaType: 'application/pdf', url: `data:;base64,${bytes.toString('base64')}` }
    expect(await expectRefusal(client, StartChatDocument, { text: 'Look', files: [file] })).toMatchObject({
      code: 'BAD_USER_INPUT',
      path: ['input', 'files', 0, 'url'],
      message: expect.stringMatching(message),
    })
  })

  test('an image that is larger than its provider accepts is scaled for the request, and stored as it is', async () => {
    const image = await createImage('png', { width: 8400, height: 40 })
    const { contents, part } = await sendTo(transport, 'anthropic', 'claude-sonnet-4-5', {
      name: 'wide.png',
      mediaType: 'image/png',
      url: `data:image/png;base64,${image.toString('base64')}`,
    })
    const sent = z
      .array(z.looseObject({ source: z.object({ data: z.string(), media_type: z.string() }).optional() }))
      .parse(contents[0])
      .flatMap(({ source }) => source ?? [])[0]
    expect(sent?.media_type).toBe('image/jpeg')
    expect(await describeImage(Buffer.from(sent?.data ?? '', 'base64'))).toMatchObject({
      ...{ format: 'jpeg', width: 8000, left: 'red', right: 'blue' },
    })
    expect(part).toMatchObject({ mediaType: 'image/png', name: 'wide.png' })
  })
})
