import { listProviderSecrets } from '../../config/list-secrets.ts'
import { isShowableVariableName } from '../../config/profile/is-showable-variable-name.ts'
import { APICallError } from 'ai'
import type { Provider } from '../../config/profile/provider.ts'
import { isLoopbackHost } from '../../lib/http/loopback-host.ts'
import { parseJsonOrNull } from '../../lib/text/json.ts'
import type { AgentError } from '../agent.ts'
import { toAgentError } from './errors/classify-provider-error.ts'
import { requestModelList } from './request-model-list.ts'

/**
 * READY: it answers. NO_KEY: it needs an API key, and none is configured. REFUSED: it answers, and refuses the key or the
 * account. UNREACHABLE: it does not answer, or its server fails.
 */
export type ProviderState = 'READY' | 'UNREACHABLE' | 'NO_KEY' | 'REFUSED'

/** Whether a provider answers. `error` says what is wrong and what to do, without secrets; null for READY. */
export interface ProviderAvailability {
  readonly state: ProviderState
  readonly error: string | null
}

export const readyProvider: ProviderAvailability = { state: 'READY', error: null }

/** Statuses of servers that have no list of models. */
const noListStatuses: ReadonlySet<number> = new Set([404, 405, 501])

/**
 * Asks a provider for its list of models, within `timeoutMs` milliseconds; by default 3 s. One without the key that it needs is
 * not asked. Never rejects.
 */
export async function checkProvider(
  provider: Provider,
  fetch: typeof globalThis.fetch,
  timeoutMs?: number,
): Promise<ProviderAvailability> {
  if (lacksKey(provider)) return { state: 'NO_KEY', error: describeMissingKey(provider) }
  try {
    const response = await requestModelList(provider, fetch, timeoutMs)
    return toAvailability(provider, response.status, await response.text())
  } catch (error) {
    return { state: 'UNREACHABLE', error: toProviderError(provider, error).message }
  }
}

function toAvailability(provider: Provider, status: number, body: string): ProviderAvailability {
  const isOk = status >= 200 && status < 300
  if (isOk && parseJsonOrNull(body) !== null) return readyProvider
  // Configured models do not need the list: their server may have none.
  if (isOk || noListStatuses.has(status)) return provider.models === null ? noList : readyProvider
  if (status >= 500) {
    const error = `The provider failed with HTTP ${status}. Check whether it is running, or try again later.`
    return { state: 'UNREACHABLE', error }
  }
  const refusal = new APICallError({
    url: '',
    message: '',
    requestBodyValues: {},
    statusCode: status,
    responseBody: body,
  })
  const { code, message } = toProviderError(provider, refusal)
  const needsKey = code === 'AUTH' && provider.apiKey === null
  return needsKey ? { state: 'NO_KEY', error: describeMissingKey(provider) } : { state: 'REFUSED', error: message }
}

const noList: ProviderAvailability = {
  state: 'REFUSED',
  error: 'The provider sent no list of models. Check its baseURL in config.json, or name its models there.',
}

/** Whether it is certain, without asking it, that the provider does not accept requests. */
function lacksKey({ type, baseURL, apiKey, unsetApiKeyEnv = null }: Provider): boolean {
  if (apiKey !== null) return false
  if (unsetApiKeyEnv !== null) return baseURL === null || !isLoopbackURL(baseURL)
  return type === 'azure' || (baseURL === null && type !== 'openai-compatible')
}

function describeMissingKey({ unsetApiKeyEnv = null }: Provider): string {
  if (unsetApiKeyEnv === null)
    return 'The provider needs an API key, and none is configured. Name its variable as apiKeyEnv in config.json.'
  return isShowableVariableName(unsetApiKeyEnv)
    ? `The environment variable ${unsetApiKeyEnv} is not set. Set it to the API key, and start the server again.`
    : 'The environment variable that apiKeyEnv names is not set. If apiKeyEnv is the key itself, name it apiKey instead.'
}

/** A server on this machine rarely needs a key. */
function isLoopbackURL(url: string): boolean {
  return URL.canParse(url) && isLoopbackHost(new URL(url).hostname.replace(/^\[|\]$/g, ''))
}

function toProviderError(provider: Provider, error: unknown): AgentError {
  return toAgentError(error, listProviderSecrets(provider))
}
