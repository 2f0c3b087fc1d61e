import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { defaultLimits } from '../../../../../src/config/limits.ts'
import { ChatClient } from '../../../../support/clients/chat-client.ts'
import { EventReader } from '../../../../support/clients/reader.ts'
import { createImage } from '../../../../support/files/images.ts'
import { type HttpRequest, sendHttpRequest } from '../../../../support/server/http-exchange.ts'
import { startTestSegue, type TestSegue } from '../../../../support/server/segue.ts'
import { waitUntil } from '../../../../support/wait-until.ts'

const slowConsumerSeconds = 1
const fileBytes = 10 * 1024 * 1024

let segue: TestSegue
let client: ChatClient
/** The largest image that can be sent. */
let image: Buffer

beforeAll(async () => {
  segue = await startTestSegue({ settings: { limits: { ...defaultLimits, slowConsumerSeconds } } })
  client = new ChatClient(segue.url)
  image = Buffer.concat([await createImage('png', { width: 2, height: 2 }), Buffer.alloc(fileBytes)], fileBytes)
})
afterAll(async () => {
  await client[Symbol.asyncDispose]()
  await segue[Symbol.asyncDispose]()
})

async function upload(bytes: Buffer, type: string): Promise<string> {
  const body = new Uint8Array(bytes)
  const response = await fetch(`${segue.url}/files`, { method: 'POST', headers: { 'content-type': type }, body })
  return z.object({ url: z.string() }).parse(await response.json()).url
}

const ask = (path: string, headers: HttpRequest['headers'] = {}, method = 'GET') =>
  sendHttpRequest(segue.url, { method, path, headers })

describe('A file can be asked for', () => {
  const text = Buffer.from('0123456789')
  let path: string
  let etag: string
  beforeAll(async () => {
    path = await upload(text, 'text/plain')
    etag = String((await ask(path)).headers.etag)
  })

  test('whole, with what identifies its bytes', async () => {
    const { status, body, headers } = await ask(path)
    expect({ status, body }).toEqual({ status: 200, body: text })
    expect(headers).toMatchObject({ 'accept-ranges': 'bytes', etag: expect.stringMatching(/^"[0-9a-f]{64}"$/) })
  })

  test.each([
    ['bytes=0-3', '0123', 'bytes 0-3/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=-2', '89', 'bytes 8-9/10'],
    ['bytes=8-100', '89', 'bytes 8-9/10'],
  ])('in part: %s', async (range, expected, contentRange) => {
    const { status, text: received, headers } = await ask(path, { range })
    expect({ status, received }).toEqual({ status: 206, received: expected })
    expect(headers).toMatchObject({ 'content-range': contentRange, 'content-length': `${expected.length}`, etag })
  })

  test.each(['bytes=0-1,4-5', 'lines=0-1', 'bytes=x', 'bytes=5-2'])('whole instead of: %s', async (range) => {
    const { status, body } = await ask(path, { range })
    expect({ status, body }).toEqual({ status: 200, body: text })
  })

  test('but not beyond its end', async () => {
    const { status, headers } = await ask(path, { range: 'bytes=10-' })
    expect(status).toBe(416)
    expect(headers['content-range']).toBe('bytes */10')
  })

  test('in part if it is the same, and whole if it is not', async () => {
    const range = 'bytes=0-0'
    expect(await ask(path, { range, 'if-range': etag })).toMatchObject({ status: 206, text: '0' })
    expect(await ask(path, { range, 'if-range': '"other"' })).toMatchObject({ status: 200, text: '0123456789' })
    const date = new Date().toUTCString()
    expect(await ask(path, { range, 'if-range': date })).toMatchObject({ status: 200, text: '0123456789' })
  })

  test('if it has changed', async () => {
    expect(await ask(path, { 'if-none-match': etag })).toMatchObject({ status: 304, text: '' })
    expect(await ask(path, { 'if-none-match': `"other", W/${etag}` })).toMatchObject({ status: 304 })
    expect(await ask(path, { 'if-none-match': '"other"' })).toMatchObject({ status: 200 })
  })

  test('without its bytes, whatever the range is', async () => {
    const { status, body, headers } = await ask(path, { range: 'bytes=0-3' }, 'HEAD')
    expect({ status, body }).toEqual({ status: 200, body: Buffer.alloc(0) })
    expect(headers).toMatchObject({ 'content-length': '10', etag })
  })
})

/** Asks for a file and reads nothing of it. */
async function askWithoutReading(path: string): Promise<Socket> {
  const { hostname, port } = new URL(segue.url)
  const socket = connect(Number(port), hostname).on('error', () => undefined)
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  socket.pause()
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  return socket
}

/** Resolves when so many responses have begun and have been closed, finished or not. */
async function waitForResponses(count: number): Promise<void> {
  let [started, closed] = [0, 0]
  const onStart = (message: unknown): void => {
    const { response } = z.object({ response: z.instanceof(ServerResponse) }).parse(message)
    started += 1
    response.once('close', () => (closed += 1))
  }
  subscribe('http.server.request.start', onStart)
  onTestFinished(() => void unsubscribe('http.server.request.start', onStart))
  await waitUntil(
    () => started === count && closed === count,
    () => ({ started, closed }),
  )
}

test('150 clients that read nothing of 10 MiB cost less than 1 MiB each, and are disconnected', async () => {
  const path = await upload(image, 'image/png')
  const bytesBefore = process.memoryUsage().arrayBuffers
  let peak = 0
  const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage().arrayBuffers - bytesBefore)), 5)
  onTestFinished(() => clearInterval(timer))
  const disconnected = waitForResponses(150)
  const sockets = await Promise.all(Array.from({ length: 150 }, () => askWithoutReading(path)))
  const closed = sockets.map((socket) => once(socket, 'close'))
  await disconnected
  clearInterval(timer)
  for (const socket of sockets) socket.resume()
  await Promise.all(closed)
  // What had been sent before, which is more than nothing, and less than all.
  expect(Math.min(...sockets.map(({ bytesRead }) => bytesRead))).toBeGreaterThan(0)
  expect(Math.max(...sockets.map(({ bytesRead }) => bytesRead))).toBeLessThan(fileBytes)
  expect(peak).toBeLessThan(150 * 1024 * 1024)
})

/** The size of all buffers, without those that nobody holds. V8 frees these after a collection, on another thread. */
function countBufferBytes(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().arrayBuffers
}

/** How many bytes of uploads are on disk, which have not ended. */
function countReceivedBytes(): number {
  const folder = join(segue.home, 'files')
  const parts = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.part')) : []
  return parts.reduce((sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0), 0)
}

test('20 uploads that have not ended are on disk, not in memory, and leave nothing when they break off', async () => {
  const { hostname, port } = new URL(segue.url)
  const half = image.subarray(0, fileBytes / 2)
  const bytesBefore = process.memoryUsage().arrayBuffers
  const sockets = Array.from({ length: 20 }, () => connect(Number(port), hostname).on('error', () => undefined))
  onTestFinished(() => sockets.forEach((socket) => void socket.destroy()))
  for (const socket of sockets) {
    socket.write(
      `POST /files HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: ${fileBytes}\r\n\r\n`,
    )
    socket.write(half)
  }
  await waitUntil(() => countReceivedBytes() === sockets.length * half.length, countReceivedBytes)
  const countHeldBytes = (): number => countBufferBytes() - bytesBefore
  await waitUntil(() => countHeldBytes() < (sockets.length * half.length) / 10, countHeldBytes)
  for (const socket of sockets) socket.destroy()
  await waitUntil(() => countReceivedBytes() === 0, countReceivedBytes)
})

test('a client that reads slowly gets the whole file', async () => {
  const path = await upload(image, 'image/png')
  const { body } = await ask(path)
  expect(body.equals(image)).toBe(true)
})

test('a file is served no more when its session is deleted, and a download of it ends', async () => {
  const url = await upload(image, 'image/png')
  const { id, session } = await client.start({ text: 'Look', files: [{ mediaType: 'image/png', url }] })
  await new EventReader(client.followStream(id)).readToEnd()
  const [message] = await client.messages(session.id)
  const path = message?.parts.flatMap((part) => (part.type === 'FilePart' ? [part.url] : []))[0] ?? ''
  expect((await ask(path, {}, 'HEAD')).status).toBe(200)
  const socket = await askWithoutReading(path)
  const ended = once(socket, 'close')
  await client.ask('mutation ($id: ID!) { deleteSession(id: $id) }', { id: session.id })
  expect((await ask(path, {}, 'HEAD')).status).toBe(404)
  // It reads just enough to be no slow consumer.
  const timer = setInterval(() => socket.read(65_536), 100)
  onTestFinished(() => clearInterval(timer))
  socket.on('readable', () => undefined)
  await ended
  expect(socket.bytesRead).toBeLessThan(fileBytes)
})
