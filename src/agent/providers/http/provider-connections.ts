import type { Provider } from '../../../config/profile/provider.ts'
import type { HttpClient } from '../../../lib/http/http-client.ts'
import { createProviderFetch } from './create-provider-fetch.ts'
import { selectDialect } from '../select-dialect.ts'
import type { ModelRequestPolicy } from './model-request-policy.ts'
import { type ProviderRequestPriority, ProviderRequestQueue } from './provider-request-queue.ts'

/** When requests to providers have failed. */
export interface ProviderTimeouts {
  /** Milliseconds without a byte from or to a provider after which a request fails. */
  readonly idleTimeoutMs: number
  /** See `ModelRequestPolicy`. */
  readonly progressTimeoutMs: number
  readonly maxRetryWaitMs: number
}

export interface ProviderConnectionsOptions extends ProviderTimeouts {
  readonly httpClient: HttpClient
}

/** The connections of a profile to its providers. */
export class ProviderConnections {
  #options: ProviderConnectionsOptions
  readonly #queues = new Map<string, ProviderRequestQueue>()

  constructor(options: ProviderConnectionsOptions) {
    this.#options = options
  }

  /** Changes the timeouts of later requests, and the bounds of these providers. */
  configure(timeouts: ProviderTimeouts, providers: readonly Provider[]): void {
    this.#options = { ...this.#options, ...timeouts }
    for (const { name, maxConcurrent } of providers) this.#queues.get(name)?.configure(maxConcurrent)
  }

  /** The `fetch` for all requests to a provider. */
  createFetch({ apiKey }: Provider): typeof globalThis.fetch {
    const { httpClient, idleTimeoutMs } = this.#options
    // Two packages of the SDK require a key and send an empty one. A server without keys may reject it.
    const removedHeaders = apiKey === null ? ['authorization', 'x-api-key', 'api-key'] : []
    return createProviderFetch({ client: httpClient, idleTimeoutMs, removedHeaders })
  }

  /** When requests to the models of a provider are sent, sent again and given up. */
  createRequestPolicy(provider: Provider, priority: ProviderRequestPriority): ModelRequestPolicy {
    const { progressTimeoutMs, maxRetryWaitMs } = this.#options
    const retryRules = selectDialect(provider).retry
    return { progressTimeoutMs, maxRetryWaitMs, retryRules, queue: this.#getQueue(provider), priority }
  }

  #getQueue({ name, maxConcurrent }: Provider): ProviderRequestQueue {
    const queue = this.#queues.get(name) ?? new ProviderRequestQueue(maxConcurrent)
    this.#queues.set(name, queue)
    return queue
  }
}
