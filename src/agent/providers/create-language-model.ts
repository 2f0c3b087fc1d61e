import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import type { Provider, ProviderType } from '../../config/profile/provider.ts'
import type { Logger } from '../../lib/logger.ts'
import { resolveAnthropicBaseURL } from './anthropic-endpoint.ts'
import { resolveAzureEndpoint } from './azure-endpoint.ts'
import { toEffortFields } from './requests/effort-fields.ts'
import { createAnthropicTextShapingFetch } from './requests/anthropic-text-shape.ts'
import { createChatCompletionModel } from './responses/chat-completions/create-chat-completion-model.ts'
import { createSkippedResponsePartLogger } from './responses/log-skipped-response-parts.ts'
import { createNormalizingFetch } from './responses/normalizing-fetch.ts'
import type { SdkModel } from './responses/sdk-types.ts'
import type { Dialect } from './dialect.ts'
import { createSdkProviderModel, type ProviderModel } from './provider-model.ts'
import { selectDialect } from './select-dialect.ts'

const defaultBaseURLs: Readonly<Record<ProviderType, string>> = {
  openai: 'https://api.openai.com/v1',
  anthropic: 'https://api.anthropic.com/v1',
  azure: '', // The configuration names the resource.
  'openai-compatible': 'http://127.0.0.1:11434/v1', // Ollama
}

/** The URL of a provider's API, without a trailing slash. */
export function resolveBaseURL({ type, baseURL }: Provider): string {
  // The URL is always passed to the SDK, which would read the environment otherwise. So is the key, below.
  const url = (baseURL ?? defaultBaseURLs[type]).replace(/\/+$/, '')
  return type === 'anthropic' ? resolveAnthropicBaseURL(url) : url
}

/** The headers that authenticate a request to a provider. */
export function buildAuthHeaders({ type, apiKey }: Provider): Record<string, string> {
  const version = type === 'anthropic' ? { 'anthropic-version': '2023-06-01' } : {}
  if (apiKey === null) return version
  if (type === 'azure') return { 'api-key': apiKey }
  return type === 'anthropic' ? { ...version, 'x-api-key': apiKey } : { authorization: `Bearer ${apiKey}` }
}

export interface LanguageModelOptions {
  /** Sends the requests. */
  readonly fetch: typeof globalThis.fetch
  readonly log: Logger
  /** Default: the one that its configuration shows. */
  readonly dialect?: Dialect
}

/**
 * Creates a model of a provider. Sends no request. OpenAI is sent what all servers that are compatible
 * with it are sent, chat completions, because servers behind OPENAI_BASE_URL may have no other API.
 */
export function createLanguageModel(
  provider: Provider,
  name: string,
  { fetch, log, dialect = selectDialect(provider) }: LanguageModelOptions,
): ProviderModel {
  const baseURL = resolveBaseURL(provider)
  const { apiKey } = provider
  const onSkipped = createSkippedResponsePartLogger(log, { provider: provider.name, model: name })
  if (provider.type === 'anthropic') {
    const shapingFetch = dialect.singleText === 'string' ? createAnthropicTextShapingFetch(fetch) : fetch
    const options = { baseURL, apiKey: apiKey ?? '', fetch: createNormalizingFetch(shapingFetch, onSkipped) }
    return createSdkProviderModel('anthropic', async () => {
      const { createAnthropicModel } = await import('./create-anthropic-model.ts')
      return createAnthropicModel(name, options)
    })
  }
  const { rejectedFields } = dialect
  const createSdkModel = (sdkFetch: typeof fetch): SdkModel =>
    createOpenAICompatible({
      name: provider.name,
      ...(provider.type === 'azure' ? resolveAzureEndpoint(provider, name) : { baseURL }),
      headers: buildAuthHeaders(provider),
      includeUsage: true,
      fetch: sdkFetch,
      transformRequestBody: (body) =>
        Object.fromEntries(
          Object.entries(toEffortFields(body, dialect)).filter(([field]) => !rejectedFields.includes(field)),
        ),
    })(name)
  return createChatCompletionModel({ createSdkModel, fetch, onSkipped })
}
