import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import type { LanguageModel } from 'ai'
import type { Provider, ProviderType } from '../../config/profile/provider.ts'

/** A model of the SDK itself, where it would also take the mere name of one. */
export type SdkLanguageModel = Exclude<LanguageModel, string>

const defaultBaseURLs: Readonly<Record<ProviderType, string>> = {
  openai: 'https://api.openai.com/v1',
  anthropic: 'https://api.anthropic.com/v1',
  'openai-compatible': 'http://127.0.0.1:11434/v1', // Ollama's
}

/** Where a provider is asked; without a slash at the end. */
export function resolveBaseURL({ type, baseURL }: Provider): string {
  // Always told to the SDK, which would look into the environment otherwise; so is the key, below.
  return (baseURL ?? defaultBaseURLs[type]).replace(/\/+$/, '')
}

/** The headers by which a provider knows its caller. */
export function buildAuthHeaders({ type, apiKey }: Provider): Record<string, string> {
  const version = type === 'anthropic' ? { 'anthropic-version': '2023-06-01' } : {}
  if (apiKey === null) return version
  return type === 'anthropic' ? { ...version, 'x-api-key': apiKey } : { authorization: `Bearer ${apiKey}` }
}

/** A model of a provider, by the provider's own name for it. Nothing is asked until it is used. */
export function createLanguageModel(provider: Provider, name: string): SdkLanguageModel {
  const baseURL = resolveBaseURL(provider)
  const { apiKey } = provider
  switch (provider.type) {
    case 'openai':
      // Chat completions, for OPENAI_BASE_URL names servers that have nothing else.
      return createOpenAI({ baseURL, apiKey: apiKey ?? '', ...(apiKey === null && { fetch: fetchWithoutKey }) }).chat(
        name,
      )
    case 'anthropic':
      return createAnthropic({ baseURL, apiKey: apiKey ?? '', ...(apiKey === null && { fetch: fetchWithoutKey }) })(
        name,
      )
    case 'openai-compatible':
      return createOpenAICompatible({
        name: provider.name,
        baseURL,
        includeUsage: true,
        ...(apiKey !== null && { apiKey }),
      })(name)
  }
}

/** Two of the SDK's packages insist on a key; a server that expects none may refuse an empty one. */
const fetchWithoutKey: typeof fetch = (input, init) => {
  const headers = new Headers(init?.headers)
  headers.delete('authorization')
  headers.delete('x-api-key')
  return fetch(input, { ...init, headers })
}
