import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type IncomingMessage, request as httpRequest } from 'node:http'
import { expect, test } from 'vitest'
import { RawSocket } from '../support/server/raw-socket.ts'
import { startSegueWithProvider } from '../support/server/segue-with-provider.ts'

const protocol = readFileSync(new URL('../../PROTOCOL.md', import.meta.url), 'utf8')

const fields =
  '__typename seq streamId ... on TextDelta { partIndex offset text } ... on StreamFinished { message { text } }'
const streamChat = `subscription ($input: StreamChatInput!) { streamChat(input: $input) { ${fields} } }`
const followStream = `subscription ($id: ID!, $after: Int) { followStream(streamId: $id, after: $after) { ${fields} } }`

/** A server whose provider answers in two halves, the second one after `release`. */
async function startExampleServer() {
  const provided = await startSegueWithProvider()
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  provided.provider.enqueue([
    { text: 'One half,' },
    { wait: released },
    { text: ' and the other.' },
    { finish: 'stop' },
  ])
  return { provided, release }
}

/** A socket that writes every frame to the transcript. */
class RecordedSocket {
  readonly #socket: RawSocket
  readonly #transcript: string[]

  private constructor(socket: RawSocket, transcript: string[]) {
    this.#socket = socket
    this.#transcript = transcript
  }

  static async open(url: string, transcript: string[]): Promise<RecordedSocket> {
    const socket = new RecordedSocket(await RawSocket.connect(url), transcript)
    socket.send({ type: 'connection_init' })
    await socket.receive()
    return socket
  }

  send(message: object): void {
    this.#transcript.push(`→ ${JSON.stringify(message)}`)
    this.#socket.send(message)
  }

  async receive(): Promise<void> {
    this.#transcript.push(`← ${JSON.stringify(await this.#socket.next())}`)
  }

  destroy(): void {
    this.#socket.destroy()
  }
}

/** Sends a GET request as an EventSource does, and writes request and response to the transcript until `end` arrives. */
async function recordRequest(
  url: string,
  variables: object,
  { lastEventId, end, onOpen }: { lastEventId?: string; end: RegExp; onOpen?: () => void },
  transcript: string[],
): Promise<void> {
  const params = new URLSearchParams({ query: followStream, variables: JSON.stringify(variables) })
  const headers = {
    Accept: 'text/event-stream',
    ...(lastEventId !== undefined && { 'Last-Event-ID': lastEventId }),
  }
  const path = `/graphql?${params.toString()}`
  transcript.push(`→ GET ${path} HTTP/1.1`)
  for (const [name, value] of Object.entries(headers)) transcript.push(`→ ${name}: ${value}`)
  const request = httpRequest(`${url}${path}`, { agent: false, headers }).end()
  request.on('error', () => undefined)
  const [response]: IncomingMessage[] = await once(request, 'response')
  if (!response) throw new Error('The response is missing.')
  onOpen?.()
  const contentType = response.headers['content-type']
  transcript.push(`← HTTP/1.1 ${response.statusCode} ${response.statusMessage}`)
  if (contentType !== undefined) transcript.push(`← Content-Type: ${contentType}`)
  let body = ''
  for await (const chunk of response.setEncoding('utf8')) {
    body += String(chunk)
    if (end.test(body)) break
  }
  request.destroy()
  if (body !== '')
    transcript.push(
      '←',
      ...body
        .trimEnd()
        .split('\n')
        .map((line) => `← ${line}`.trimEnd()),
    )
}

/** The code block of a section of PROTOCOL.md. */
function readExample(heading: string): string {
  const section = protocol.slice(protocol.indexOf(`### ${heading}\n`))
  return /```text\n(?<block>.*?)\n```/s.exec(section)?.groups?.['block'] ?? ''
}

/** Replaces each id by a number, in the order of their first appearance. */
function normalizeIds(transcript: string): string {
  const ids: string[] = []
  return transcript.replace(/str_[0-9a-z]{26}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, (id) => {
    if (!ids.includes(id)) ids.push(id)
    return `id ${ids.indexOf(id) + 1}`
  })
}

/** Compares a transcript with the example in PROTOCOL.md. The message of a failure holds the transcript. */
function expectExample(heading: string, transcript: readonly string[]): void {
  expect(normalizeIds(readExample(heading))).toBe(normalizeIds(transcript.join('\n')))
}

test('R1 R3 E2 T4 the frames of a reconnect over WebSocket are those of the example in PROTOCOL.md', async () => {
  const { provided, release } = await startExampleServer()
  await using _ = provided
  const { url } = provided.segue
  const transcript: string[] = []
  const first = await RecordedSocket.open(url, transcript)
  const id = crypto.randomUUID()
  const payload = { query: streamChat, variables: { input: { text: 'Talk.' } } }
  first.send({ id, type: 'subscribe', payload })
  await first.receive()
  await first.receive()
  first.destroy()
  transcript.push('', '(The connection breaks.)', '')

  const streamId = /str_[0-9a-z]{26}/.exec(transcript.join())?.[0]
  const second = await RecordedSocket.open(url, transcript)
  const variables = { id: streamId, after: 2 }
  second.send({ id: crypto.randomUUID(), type: 'subscribe', payload: { query: followStream, variables } })
  release()
  for (let count = 0; count < 5; count += 1) await second.receive()
  second.destroy()
  expectExample('Over WebSocket', transcript)
})

test('R4 R5 E2 T4 the requests of a reconnecting EventSource are those of the example in PROTOCOL.md', async () => {
  const { provided, release } = await startExampleServer()
  await using _ = provided
  const { url } = provided.segue
  const { id } = await provided.client.start({ text: 'Talk.' })
  const variables = { id }
  const transcript: string[] = []
  await recordRequest(url, variables, { end: /id: 2\n.*\n\n/ }, transcript)
  transcript.push('', '(The connection breaks.)', '')
  const complete = /event: complete\n.*\n\n/
  await recordRequest(url, variables, { lastEventId: '2', end: complete, onOpen: release }, transcript)
  transcript.push('', '(The server ends the response.)', '')
  await recordRequest(url, variables, { lastEventId: '7', end: /$^/ }, transcript)
  expectExample('As server-sent events', transcript)
})
