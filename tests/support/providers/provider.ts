import type { Provider } from '../../../src/config/profile/provider.ts'

/** A provider without a key and without configured models. */
export function newProvider(overrides: Partial<Provider>): Provider {
  return {
    name: 'mine',
    type: 'openai-compatible',
    baseURL: null,
    apiKey: null,
    apiVersion: null,
    models: null,
    contextWindow: null,
    maxConcurrent: null,
    ...overrides,
  }
}
