import type { Provider } from '../../config/profile/provider.ts'
import { checkProvider, type ProviderAvailability } from './check-provider.ts'
import type { ProviderConnections } from './http/provider-connections.ts'

const ttlMs = 60_000
/** A shorter time after a failure: somebody may be about to repair it. */
const failureTtlMs = 5_000

export interface CheckableProvider extends Pick<Provider, 'name' | 'type'> {
  /** Whether it answers. Never rejects. */
  check(): Promise<ProviderAvailability>
}

interface CachedCheck {
  readonly result: Promise<ProviderAvailability>
  /** In epoch milliseconds. Infinite while the provider is being asked. */
  expiresAt: number
}

/**
 * Whether the providers of a profile answer. Asks each at most once a minute, and every five seconds after a failure; a check
 * takes 3 s at most. Concurrent callers share one check.
 */
export class ProviderAvailabilityCache {
  #providers: readonly Provider[]
  readonly #connections: ProviderConnections
  readonly #checks = new Map<Provider, CachedCheck>()

  constructor(providers: readonly Provider[], connections: ProviderConnections) {
    this.#providers = providers
    this.#connections = connections
  }

  /** Replaces the providers. What is known of one that is the same object stays. */
  configure(providers: readonly Provider[]): void {
    this.#providers = providers
    for (const known of this.#checks.keys()) if (!providers.includes(known)) this.#checks.delete(known)
  }

  /** The providers in the order of the configuration, without their keys. */
  list(): CheckableProvider[] {
    return this.#providers.map((provider) => {
      const { name, type } = provider
      return { name, type, check: () => this.#check(provider) }
    })
  }

  #check(provider: Provider): Promise<ProviderAvailability> {
    const cached = this.#checks.get(provider)
    if (cached && Date.now() < cached.expiresAt) return cached.result
    const result = checkProvider(provider, this.#connections.createFetch(provider))
    const check: CachedCheck = { result, expiresAt: Number.POSITIVE_INFINITY }
    this.#checks.set(provider, check)
    void result.then(({ state }) => (check.expiresAt = Date.now() + (state === 'READY' ? ttlMs : failureTtlMs)))
    return result
  }
}
