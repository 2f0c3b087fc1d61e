import type { IncomingMessage } from 'node:http'
import type { Context } from '../../../schema/context.ts'

/** What the headers of a request say about its operation. */
export function readOperationHeaders({
  headers,
}: Pick<IncomingMessage, 'headers'>): Pick<Context, 'idempotencyKey' | 'traceparent'> {
  return { idempotencyKey: toText(headers['idempotency-key']), traceparent: toText(headers['traceparent']) }
}

function toText(value: string | string[] | undefined): string | null {
  return typeof value === 'string' ? value : null
}
