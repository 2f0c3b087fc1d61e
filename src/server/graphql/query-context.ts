import type { Context } from '../../schema/context.ts'
import { LongReads } from '../../schema/long-reads.ts'
import type { QueryTimeout } from './limits/query-timeout.ts'

/** The context of one execution of a query, which ends at its timeout. */
export class QueryContext implements Context {
  readonly viewer: Context['viewer']
  readonly profiles: Context['profiles']
  readonly idempotencyKey: Context['idempotencyKey']
  readonly lastEventId: Context['lastEventId']
  readonly traceparent: Context['traceparent']
  readonly reportedCost: Context['reportedCost']
  readonly truncatedPaths: Context['truncatedPaths']
  readonly isPlanned: boolean
  #longReads: LongReads | null = null
  readonly #timeout: QueryTimeout

  constructor(context: Context, timeout: QueryTimeout, isPlanned: boolean) {
    this.viewer = context.viewer
    this.profiles = context.profiles
    this.idempotencyKey = context.idempotencyKey
    this.lastEventId = context.lastEventId
    this.traceparent = context.traceparent
    this.reportedCost = context.reportedCost
    this.truncatedPaths = context.truncatedPaths
    this.isPlanned = isPlanned
    this.#timeout = timeout
  }

  get longReads(): LongReads {
    return (this.#longReads ??= new LongReads())
  }

  /** A query that reads no list starts no timer. */
  get signal(): AbortSignal {
    return this.#timeout.signal
  }
}
