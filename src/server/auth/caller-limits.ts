import { RateLimiterMemory } from 'rate-limiter-flexible'
import type { ServerLimits } from '../../config/limits.ts'
import { LruCache } from '../../lib/lru-cache.ts'
import type { RequestRejection } from '../request-rejection.ts'
import type { Caller } from './caller.ts'

/** The limits that apply where callers need tokens. */
export type CallerLimitSettings = Pick<
  ServerLimits,
  | 'requestsPerMinute'
  | 'unauthenticatedRequestsPerMinute'
  | 'connectionsPerToken'
  | 'socketsPerToken'
  | 'subscriptionsPerToken'
>

/** What one token may have at the same time, and the limit on it. */
const limitNames = {
  connection: 'connectionsPerToken',
  socket: 'socketsPerToken',
  subscription: 'subscriptionsPerToken',
} as const satisfies Record<string, keyof CallerLimitSettings>

const resourceNames = { connection: 'HTTP requests', socket: 'sockets', subscription: 'subscriptions' }

export type LimitedResource = keyof typeof limitNames

/** The limits can change, so they are compared here, and the library only counts. */
const counterOptions = { points: 0, duration: 60 }

/** Pairs of an address and a token that are remembered. Of more, the least recently used ones are forgotten. */
const maxKnownCallers = 10_000

/** How long a client waits before it tries again what others of its token keep busy. */
const busyRetrySeconds = 1

/**
 * Limits what one token, and one address without a valid token, may ask for. A caller without a token, on a server that
 * has none, has no limits.
 */
export class CallerLimits {
  readonly #readSettings: () => CallerLimitSettings
  readonly #requests = new RateLimiterMemory(counterOptions)
  readonly #attempts = new RateLimiterMemory(counterOptions)
  readonly #counts = new Map<string, number>()
  readonly #knownCallers = new LruCache<string, true>(maxKnownCallers)

  /** @param readSettings Returns the limits that apply now. */
  constructor(readSettings: () => CallerLimitSettings) {
    this.#readSettings = readSettings
  }

  /** Counts a request of a caller. Returns why it is rejected; null if it is not. */
  async takeRequest({ credentialId }: Caller): Promise<RequestRejection | null> {
    if (credentialId === null) return null
    const { requestsPerMinute } = this.#readSettings()
    const { consumedPoints, msBeforeNext } = await this.#requests.penalty(credentialId)
    if (consumedPoints <= requestsPerMinute) return null
    return createRateRejection(`Your token has sent ${requestsPerMinute} requests within a minute.`, msBeforeNext)
  }

  /** Counts a request without a valid token, of an address. Returns why it is rejected; null if it is not. */
  async takeAttempt(address: string): Promise<RequestRejection | null> {
    const { unauthenticatedRequestsPerMinute: max } = this.#readSettings()
    const { consumedPoints, msBeforeNext } = await this.#attempts.penalty(address)
    return consumedPoints <= max ? null : createAttemptRejection(max, msBeforeNext)
  }

  /**
   * Returns why a caller with a valid token is rejected: its address has had too many attempts, and has not used this token
   * before. Otherwise a guess that is right would show among those that are wrong, however many there are.
   */
  async admit({ credentialId }: Caller, address: string): Promise<RequestRejection | null> {
    if (credentialId === null) return null
    const key = `${address} ${credentialId}`
    if (this.#knownCallers.get(key) === undefined) {
      const { unauthenticatedRequestsPerMinute: max } = this.#readSettings()
      const attempts = await this.#attempts.get(address)
      if (attempts && attempts.consumedPoints >= max) return createAttemptRejection(max, attempts.msBeforeNext)
      this.#knownCallers.set(key, true)
    }
    return null
  }

  /** Takes back `takeAttempt`: the client has shown a valid token after all. */
  async returnAttempt(address: string): Promise<void> {
    await this.#attempts.reward(address)
  }

  /** Counts one more of a resource until the returned function is called. A rejection if the caller has too many. */
  acquire({ credentialId }: Caller, resource: LimitedResource): (() => void) | RequestRejection {
    if (credentialId === null) return () => undefined
    const max = this.#readSettings()[limitNames[resource]]
    const key = `${resource} ${credentialId}`
    if ((this.#counts.get(key) ?? 0) >= max) {
      return createRateRejection(`Your token has ${max} ${resourceNames[resource]} already.`, busyRetrySeconds * 1000)
    }
    this.#add(key, 1)
    let isReleased = false
    return () => {
      if (!isReleased) this.#add(key, -1)
      isReleased = true
    }
  }

  #add(key: string, difference: number): void {
    const count = (this.#counts.get(key) ?? 0) + difference
    if (count > 0) this.#counts.set(key, count)
    else this.#counts.delete(key)
  }
}

function createAttemptRejection(max: number, retryAfterMs: number): RequestRejection {
  return createRateRejection(
    `Your address has sent ${max} requests without a valid token within a minute.`,
    retryAfterMs,
  )
}

function createRateRejection(reason: string, retryAfterMs: number): RequestRejection {
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1000))
  const message = `${reason} Try again in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}.`
  return { status: 429, message, headers: { 'retry-after': String(seconds) }, refusedOrigin: null }
}
