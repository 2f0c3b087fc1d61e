import type { Logger } from '../../lib/logger.ts'
import type { RequestRejection } from '../request-rejection.ts'

/** A page can have requests sent from any number of origins. */
const maxLoggedOrigins = 100

/** Logs each origin that is refused, once, with the solution. */
export class RefusedOriginLogger {
  readonly #log: Logger
  readonly #origins = new Set<string>()

  constructor(log: Logger) {
    this.#log = log
  }

  logRejection({ refusedOrigin, message }: RequestRejection): void {
    if (refusedOrigin === null || this.#origins.has(refusedOrigin) || this.#origins.size >= maxLoggedOrigins) return
    this.#origins.add(refusedOrigin)
    this.#log.warn({ origin: refusedOrigin }, message)
    if (this.#origins.size === maxLoggedOrigins) this.#log.warn({}, 'Further origins are refused without a log line.')
  }
}
