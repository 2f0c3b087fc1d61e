import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { type LanguageModel, wrapLanguageModel } from 'ai'
import type { Provider, ProviderType } from '../../config/profile/provider.ts'
import { reasoningMiddleware } from './reasoning-middleware.ts'

/** A model object of the AI SDK, which also accepts the name of a model in its place. */
export type SdkLanguageModel = Exclude<LanguageModel, string>

const defaultBaseURLs: Readonly<Record<ProviderType, string>> = {
  openai: 'https://api.openai.com/v1',
  anthropic: 'https://api.anthropic.com/v1',
  'openai-compatible': 'http://127.0.0.1:11434/v1', // Ollama
}

/** The URL of a provider's API, without a trailing slash. */
export function resolveBaseURL({ type, baseURL }: Provider): string {
  // The URL is always passed to the SDK, which would read the environment otherwise. So is the key, below.
  return (baseURL ?? defaultBaseURLs[type]).replace(/\/+$/, '')
}

/** The headers that authenticate a request to a provider. */
export function buildAuthHeaders({ type, apiKey }: Provider): Record<string, string> {
  const version = type === 'anthropic' ? { 'anthropic-version': '2023-06-01' } : {}
  if (apiKey === null) return version
  return type === 'anthropic' ? { ...version, 'x-api-key': apiKey } : { authorization: `Bearer ${apiKey}` }
}

/** Creates the AI SDK's model for a model of a provider. Sends no request. */
export function createLanguageModel(provider: Provider, name: string): SdkLanguageModel {
  const baseURL = resolveBaseURL(provider)
  const { apiKey } = provider
  switch (provider.type) {
    case 'openai':
      // The chat completions API, because servers behind OPENAI_BASE_URL may have no other.
      return wrapLanguageModel({
        model: createOpenAI({ baseURL, apiKey: apiKey ?? '', ...(apiKey === null && { fetch: fetchWithoutKey }) }).chat(
          name,
        ),
        middleware: reasoningMiddleware,
      })
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

/** Removes the empty key that two packages of the SDK require: a server without keys may reject it. */
const fetchWithoutKey: typeof fetch = (input, init) => {
  const headers = new Headers(init?.headers)
  headers.delete('authorization')
  headers.delete('x-api-key')
  return fetch(input, { ...init, headers })
}
