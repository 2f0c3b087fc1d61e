import { type IncomingMessage, request as plain } from 'node:http'
import { request as secure } from 'node:https'
import { maxMessageBytes } from './line-splitter.ts'

export interface HttpRequest {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly signal: AbortSignal | null
}

/** What was asked for was not done: nothing of it arrived, or the server did not look at it. Says why, of an `it`. */
export class NotExecutedError extends Error {
  override readonly name = 'NotExecutedError'
}

/**
 * The answer as soon as its head is there. Unlike with `fetch` the server may take its time: it waits for a tool, and
 * says nothing for longer than the five minutes after which `fetch` gives up. Throws a NotDoneError when the server
 * cannot be reached.
 */
export function sendRequest({ url, method, headers, body, signal }: HttpRequest): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const isSecure = url.startsWith('https:')
  let isConnected = false
  // A connection of its own: one that was used before may be closed at this very moment.
  const request = (isSecure ? secure : plain)(url, { method, headers, agent: false, ...(signal && { signal }) })
  request.once('socket', (socket) => socket.once(isSecure ? 'secureConnect' : 'connect', () => (isConnected = true)))
  request.once('response', resolve)
  request.on('error', (error) => {
    reject(
      isConnected || signal?.aborted ? error : new NotExecutedError(`it cannot be reached (${readErrorCode(error)})`),
    )
  })
  request.end(body)
  return promise
}

/** The whole of a body. Throws when it is cut, or longer than a message may be. */
export async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of readChunks(response)) {
    length += chunk.length
    if (length > maxMessageBytes) throw new Error(`an answer of more than ${maxMessageBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** The bytes of a body. Throws when it is cut. */
export async function* readChunks(response: IncomingMessage): AsyncGenerator<Buffer> {
  for await (const chunk of response) if (chunk instanceof Buffer) yield chunk
}

function readErrorCode(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}
