import type { IncomingMessage } from 'node:http'
import { PassThrough, pipeline, type Transform } from 'node:stream'
import { constants, createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import { withIdleTimeout } from '../../../lib/async/iterables/with-idle-timeout.ts'
import { HttpIdleError } from '../../../lib/http/http-client-error.ts'

/**
 * Reads the body of a response, decompressed. Fails with a HttpIdleError if the connection delivers no byte for
 * `idleTimeoutMs` milliseconds while the reader waits, and with the error of the connection if the body is cut off. The
 * connection is closed when the reader stops early.
 */
export async function* readProviderBody(response: IncomingMessage, idleTimeoutMs: number): AsyncGenerator<Uint8Array> {
  const { socket } = response
  let bytesRead = socket.bytesRead
  // A decompressor or the parser of chunks may hold back what has arrived.
  const hasOtherActivity = (): boolean => {
    const hasRead = socket.bytesRead !== bytesRead
    bytesRead = socket.bytesRead
    return hasRead
  }
  const createError = (): Error => new HttpIdleError(idleTimeoutMs)
  try {
    for await (const chunk of withIdleTimeout(decompress(response), idleTimeoutMs, createError, { hasOtherActivity })) {
      bytesRead = socket.bytesRead
      if (chunk instanceof Uint8Array) yield chunk
    }
  } finally {
    response.destroy()
  }
}

/** Segue asks for no compression, but some servers and gateways compress anyway. */
function decompress(response: IncomingMessage): AsyncIterable<unknown> {
  const decompressor = createDecompressor(response.headers['content-encoding']?.trim().toLowerCase() ?? '')
  if (!decompressor) return response
  // An error arrives through the last stream of the pipeline.
  return pipeline(response, decompressor, new PassThrough(), () => {})
}

function createDecompressor(encoding: string): Transform | null {
  const { Z_SYNC_FLUSH, BROTLI_OPERATION_FLUSH, ZSTD_e_flush } = constants
  switch (encoding) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip({ flush: Z_SYNC_FLUSH, finishFlush: Z_SYNC_FLUSH })
    case 'deflate':
      return createInflate({ flush: Z_SYNC_FLUSH, finishFlush: Z_SYNC_FLUSH })
    case 'br':
      return createBrotliDecompress({ flush: BROTLI_OPERATION_FLUSH, finishFlush: BROTLI_OPERATION_FLUSH })
    case 'zstd':
      return createZstdDecompress({ flush: ZSTD_e_flush, finishFlush: ZSTD_e_flush })
    default:
      return null
  }
}
