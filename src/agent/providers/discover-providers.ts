import { z } from 'zod'
import type { HttpClient } from '../../lib/http/http-client.ts'
import { appendAnthropicApiVersion } from './anthropic-endpoint.ts'
import { createProviderFetch } from './http/create-provider-fetch.ts'
import type { Provider } from '../../config/profile/provider.ts'

const ollamaVersionSchema = z.object({ version: z.string() })
const probeTimeoutMs = 300

/**
 * Finds the providers that need no configuration, in order of preference: those whose API key is in the environment, and
 * an Ollama that responds on its default port within 300 ms.
 */
export async function discoverProviders(
  env: Readonly<Record<string, string | undefined>>,
  httpClient: HttpClient,
  ollamaURL = 'http://127.0.0.1:11434',
): Promise<Provider[]> {
  const providers: Provider[] = []
  if (env.OPENAI_API_KEY) {
    const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseURL } = env
    providers.push(createProvider({ name: 'openai', type: 'openai', apiKey, baseURL: baseURL || null }))
  }
  if (env.ANTHROPIC_API_KEY) {
    const { ANTHROPIC_API_KEY: apiKey, ANTHROPIC_BASE_URL: url } = env
    const baseURL = url ? appendAnthropicApiVersion(url) : null
    providers.push(createProvider({ name: 'anthropic', type: 'anthropic', apiKey, baseURL }))
  }
  if (await isOllamaRunning(httpClient, ollamaURL))
    providers.push(createProvider({ name: 'ollama', type: 'openai-compatible', baseURL: `${ollamaURL}/v1` }))
  return providers
}

function createProvider(fields: Pick<Provider, 'name' | 'type' | 'baseURL'> & Partial<Provider>): Provider {
  return { apiKey: null, apiVersion: null, models: null, contextWindow: null, maxConcurrent: null, ...fields }
}

async function isOllamaRunning(client: HttpClient, url: string): Promise<boolean> {
  try {
    const fetch = createProviderFetch({ client, idleTimeoutMs: probeTimeoutMs })
    const response = await fetch(`${url}/api/version`, { signal: AbortSignal.timeout(probeTimeoutMs) })
    if (response.ok) return ollamaVersionSchema.safeParse(await response.json()).success
    await response.body?.cancel()
    return false
  } catch {
    return false
  }
}
