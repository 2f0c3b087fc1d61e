import type { IncomingMessage } from 'node:http'
import { HttpConnectError } from '../../../../lib/http/http-client-error.ts'
import type { HttpClient } from '../../../../lib/http/http-client.ts'
import { maxMcpMessageBytes } from '../line-splitter.ts'
import { McpFailureError, McpNotExecutedError } from '../mcp-failure-error.ts'

export interface McpHttpRequest {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly signal: AbortSignal | null
}

/**
 * Sends a request, and resolves when the head of the response has arrived. It has no timeout: a tool may take long. Rejects
 * with a McpNotExecutedError if the server or its proxy cannot be reached.
 */
export async function sendMcpHttpRequest(client: HttpClient, request: McpHttpRequest): Promise<IncomingMessage> {
  try {
    // A new connection for each request: the server may be closing a reused one at this moment.
    return await client.send({ ...request, reusesConnection: false, idleTimeoutMs: null })
  } catch (error) {
    if (!(error instanceof HttpConnectError)) throw error
    const { failure, code } = error
    throw new McpNotExecutedError(
      failure.kind === 'unreachable' ? { kind: 'unreachable', code } : { kind: 'other', message: error.message },
    )
  }
}

/** Reads a complete body. Rejects if it is cut off or exceeds the maximum size of a message. */
export async function readMcpResponseText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of readMcpResponseChunks(response)) {
    length += chunk.length
    if (length > maxMcpMessageBytes)
      throw new McpFailureError({ kind: 'message-too-large', maxBytes: maxMcpMessageBytes })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Yields the chunks of a body. Throws if it is cut off. */
export async function* readMcpResponseChunks(response: IncomingMessage): AsyncGenerator<Buffer> {
  for await (const chunk of response) if (chunk instanceof Buffer) yield chunk
}
