import { toSharedJson } from '../graphql/subscriptions/result-json.ts'
import type { ResultSink } from '../graphql/subscriptions/subscription-results.ts'

/** Sends a message, given in three parts, if it can do so at once. Returns false otherwise. */
export type TrySend = (prefix: Buffer, text: Buffer, suffix: Buffer) => boolean

const suffix = Buffer.from('}')

/**
 * Sends results of one operation as graphql-ws does, but for their JSON, which is written once for all subscribers.
 */
export function createResultSink(operationId: string, trySend: TrySend): ResultSink {
  const prefix = Buffer.from(`{"id":${JSON.stringify(operationId)},"type":"next","payload":`)
  return {
    trySend(result) {
      const json = toSharedJson(result)
      return json !== null && trySend(prefix, json, suffix)
    },
  }
}
