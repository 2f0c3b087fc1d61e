import type { IncomingMessage } from 'node:http'

/** The idempotency key of the request, as it is; null if it has none. */
export function readIdempotencyKeyHeader({ headers }: IncomingMessage): string | null {
  const key = headers['idempotency-key']
  return typeof key === 'string' ? key : null
}
