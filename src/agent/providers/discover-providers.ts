import { z } from 'zod'
import type { Provider } from '../../config/profile/provider.ts'

const ollamaVersionSchema = z.object({ version: z.string() })
const probeTimeoutMs = 300 // milliseconds

/**
 * The providers that are there without any configuration, in the order in which they are preferred: those whose key is
 * in the environment, and an Ollama that answers within 300 ms on its usual port.
 */
export async function discoverProviders(
  env: Readonly<Record<string, string | undefined>>,
  ollamaURL = 'http://127.0.0.1:11434',
): Promise<Provider[]> {
  const providers: Provider[] = []
  if (env.OPENAI_API_KEY) {
    providers.push({
      name: 'openai',
      type: 'openai',
      baseURL: env.OPENAI_BASE_URL || null,
      apiKey: env.OPENAI_API_KEY,
      models: null,
      contextWindow: null,
    })
  }
  if (env.ANTHROPIC_API_KEY) {
    providers.push({
      name: 'anthropic',
      type: 'anthropic',
      baseURL: env.ANTHROPIC_BASE_URL ? appendApiVersion(env.ANTHROPIC_BASE_URL) : null,
      apiKey: env.ANTHROPIC_API_KEY,
      models: null,
      contextWindow: null,
    })
  }
  if (await isOllamaRunning(ollamaURL)) {
    providers.push({
      name: 'ollama',
      type: 'openai-compatible',
      baseURL: `${ollamaURL}/v1`,
      apiKey: null,
      models: null,
      contextWindow: null,
    })
  }
  return providers
}

/** Anthropic's own tools read ANTHROPIC_BASE_URL as the address before the version, the SDK as the one after it. */
function appendApiVersion(baseURL: string): string {
  const url = baseURL.replace(/\/+$/, '')
  return url.endsWith('/v1') ? url : `${url}/v1`
}

async function isOllamaRunning(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/api/version`, {
      signal: AbortSignal.timeout(probeTimeoutMs),
      redirect: 'error',
    })
    if (response.ok) return ollamaVersionSchema.safeParse(await response.json()).success
    await response.body?.cancel()
    return false
  } catch {
    return false
  }
}
