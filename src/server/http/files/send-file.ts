import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import fresh from 'fresh'
import { parse } from 'range-parser'
import type { OpenBlob } from '../../../storage/blob-store.ts'
import { detectSlowConsumer } from '../detect-slow-consumer.ts'

/** A file that is sent in chunks. */
export interface SentFile extends Pick<OpenBlob, 'size' | 'read'> {
  /** Identifies the bytes. */
  readonly hash: string
  readonly headers: Readonly<Record<string, string>>
}

export interface SendFileOptions {
  /** A client that accepts no byte for this long is disconnected. */
  readonly slowConsumerTimeoutMs: number
  /** Whether the file may still be sent. Asked every second; if not, the client is disconnected. */
  readonly isServed: () => Promise<boolean>
}

const checkIntervalMs = 1_000

interface Part {
  readonly status: 200 | 206
  readonly start: number
  /** Inclusive. */
  readonly end: number
}

/**
 * Answers GET and HEAD with a file as RFC 9110 says: conditional requests and ranges. Of several ranges in one request, the
 * whole file is sent. Holds two chunks of it in memory at most. Resolves when it is sent, or the client has gone.
 */
export async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  file: SentFile,
  options: SendFileOptions,
): Promise<void> {
  const headers = { ...file.headers, etag: `"${file.hash}"`, 'accept-ranges': 'bytes' }
  if (fresh(request.headers, headers)) return void response.writeHead(304, headers).end()
  const part = selectPart(request, file.size, headers.etag)
  if (!part) return void response.writeHead(416, { 'content-range': `bytes */${file.size}` }).end()
  const { status, start, end } = part
  response.writeHead(status, {
    ...headers,
    'content-length': end - start + 1,
    ...(status === 206 && { 'content-range': `bytes ${start}-${end}/${file.size}` }),
  })
  if (request.method === 'HEAD' || file.size === 0) return void response.end()
  await write(response, file.read(start, end), options)
}

/** Null if the range that is asked for is beyond the end. */
function selectPart({ method, headers }: IncomingMessage, size: number, etag: string): Part | null {
  const whole: Part = { status: 200, start: 0, end: size - 1 }
  const { range, 'if-range': condition = etag } = headers
  // There is no Last-Modified, so that a date never matches.
  if (range === undefined || method !== 'GET' || condition !== etag) return whole
  const { code, type, ranges } = parse(size, range)
  if (type === 'bytes' && code === 2) return null
  const [first] = ranges
  return type === 'bytes' && first && ranges.length === 1 ? { status: 206, ...first } : whole
}

async function write(
  response: ServerResponse,
  bytes: ReturnType<SentFile['read']>,
  { slowConsumerTimeoutMs, isServed }: SendFileOptions,
): Promise<void> {
  const stopDetection = response.socket
    ? detectSlowConsumer(response.socket, slowConsumerTimeoutMs, () => response.destroy())
    : () => undefined
  const timer = setInterval(() => {
    isServed().then(
      (isStill) => isStill || response.destroy(),
      () => response.destroy(),
    )
  }, checkIntervalMs)
  try {
    await pipeline(bytes, response)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE')) throw error
  } finally {
    clearInterval(timer)
    stopDetection()
  }
}
