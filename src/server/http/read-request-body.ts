import type { IncomingMessage } from 'node:http'

/** Reads the body of a request, up to a number of bytes, in chunks. Rejects if the client disconnects before its end. */
export function readRequestBody(request: IncomingMessage, maxBytes: number): Promise<readonly Buffer[] | 'too large'> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly Buffer[] | 'too large'>()
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return Promise.resolve('too large')
  const chunks: Buffer[] = []
  let size = 0
  const onData = (chunk: Buffer): void => {
    size += chunk.length
    if (size <= maxBytes) return void chunks.push(chunk)
    // The connection must stay open: it carries the error response.
    request.off('data', onData).pause()
    resolve('too large')
  }
  request.on('data', onData)
  request.on('end', () => resolve(chunks))
  // Without a listener for errors, `close` is all that a request emits whose client disconnects.
  request.on('close', () => {
    if (!request.complete) reject(new Error('The client disconnected.'))
  })
  return promise
}
