import { type IncomingMessage, request as plain } from 'node:http'
import { request as secure } from 'node:https'
import { maxMcpMessageBytes } from '../line-splitter.ts'
import { McpError, McpNotExecutedError } from '../mcp-error.ts'

export interface McpHttpRequest {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly signal: AbortSignal | null
}

/**
 * Sends a request, and resolves when the head of the response has arrived. Unlike `fetch`, which gives up after five
 * minutes, it has no timeout: a tool may take longer. Rejects with a McpNotExecutedError if the server cannot be reached.
 */
export function sendMcpHttpRequest({ url, method, headers, body, signal }: McpHttpRequest): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const isSecure = url.startsWith('https:')
  let isConnected = false
  // A new connection for each request: the server may be closing a reused one at this moment.
  const request = (isSecure ? secure : plain)(url, { method, headers, agent: false, ...(signal && { signal }) })
  request.once('socket', (socket) => socket.once(isSecure ? 'secureConnect' : 'connect', () => (isConnected = true)))
  request.once('response', resolve)
  request.on('error', (error) => {
    const isUnreachable = !isConnected && !signal?.aborted
    reject(isUnreachable ? new McpNotExecutedError({ kind: 'unreachable', code: readErrorCode(error) }) : error)
  })
  request.end(body)
  return promise
}

/** Reads a complete body. Rejects if it is cut off or exceeds the maximum size of a message. */
export async function readMcpResponseText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of readMcpResponseChunks(response)) {
    length += chunk.length
    if (length > maxMcpMessageBytes) throw new McpError({ kind: 'message-too-large', maxBytes: maxMcpMessageBytes })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Yields the chunks of a body. Throws if it is cut off. */
export async function* readMcpResponseChunks(response: IncomingMessage): AsyncGenerator<Buffer> {
  for await (const chunk of response) if (chunk instanceof Buffer) yield chunk
}

function readErrorCode(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}
