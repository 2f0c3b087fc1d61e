import type { Provider } from '../../config/profile/provider.ts'
import { resolveAzureModelListURL } from './azure-endpoint.ts'
import { buildAuthHeaders, resolveBaseURL } from './create-language-model.ts'

const defaultTimeoutMs = 3_000

/**
 * Requests the list of models of a provider. Resolves to its response, also if that is an error. Rejects if there is none
 * within `timeoutMs` milliseconds, by default 3 s, as does the body of one that takes longer.
 */
export function requestModelList(
  provider: Provider,
  fetch: typeof globalThis.fetch,
  timeoutMs = defaultTimeoutMs,
): Promise<Response> {
  return fetch(resolveModelListURL(provider), {
    headers: buildAuthHeaders(provider),
    signal: AbortSignal.timeout(timeoutMs),
  })
}

function resolveModelListURL(provider: Provider): string {
  if (provider.type === 'azure') return resolveAzureModelListURL(provider)
  // Anthropic lists 20 models by default.
  return `${resolveBaseURL(provider)}/models${provider.type === 'anthropic' ? '?limit=1000' : ''}`
}
