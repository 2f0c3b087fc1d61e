/** How lost connections are found and tried again. In milliseconds. */
export interface ReconnectOptions {
  /** The wait before the first try, up to half of it less at random. Each further wait is twice as long. Default: 250. */
  readonly minDelayMs: number
  /** The longest wait. Default: 15,000. */
  readonly maxDelayMs: number
  /** A connection on which nothing arrives for so long is lost. The server sends something every 5 s. Default: 15,000. */
  readonly idleTimeoutMs: number
}

export const defaultReconnectOptions: ReconnectOptions = { minDelayMs: 250, maxDelayMs: 15_000, idleTimeoutMs: 15_000 }
