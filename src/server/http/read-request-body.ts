import type { IncomingMessage } from 'node:http'

/** Reads the body of a request, up to a number of bytes. */
export async function readRequestBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | 'too large'> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return 'too large'
  const chunks: Buffer[] = []
  let size = 0
  // The connection must stay open when the loop ends early: it carries the error response.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += chunk.length
    if (size > maxBytes) return 'too large'
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
