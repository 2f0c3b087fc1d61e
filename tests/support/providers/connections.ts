import { defaultDialect } from '../../../src/agent/providers/dialect.ts'
import { createProviderFetch } from '../../../src/agent/providers/http/create-provider-fetch.ts'
import type { ModelRequestPolicy } from '../../../src/agent/providers/http/model-request-policy.ts'
import { ProviderConnections } from '../../../src/agent/providers/http/provider-connections.ts'
import { ProviderRequestQueue } from '../../../src/agent/providers/http/provider-request-queue.ts'
import { HttpClient } from '../../../src/lib/http/http-client.ts'

/** Sends requests without a proxy. */
export const directHttpClient = new HttpClient({})

const limits = { progressTimeoutMs: 600_000, maxRetryWaitMs: 60_000 }

export const newConnections = (idleTimeoutMs = 120_000): ProviderConnections =>
  new ProviderConnections({ httpClient: directHttpClient, idleTimeoutMs, ...limits })

/** The `fetch` for requests to a provider, without a proxy. */
export const newProviderFetch = (idleTimeoutMs = 120_000): typeof fetch =>
  createProviderFetch({ client: directHttpClient, idleTimeoutMs })

/** The policy for requests to a provider of unknown make, with the default limits. */
export const newRequestPolicy = (overrides: Partial<ModelRequestPolicy> = {}): ModelRequestPolicy => ({
  ...limits,
  retryRules: defaultDialect.retry,
  queue: new ProviderRequestQueue(null),
  priority: 'answer',
  ...overrides,
})
