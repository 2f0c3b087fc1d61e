import { discoverProviders } from '../agent/providers/discover-providers.ts'
import type { Provider } from '../config/profile/provider.ts'
import { toKnownModels, validateModelId } from '../config/profile/model-id.ts'
import { SettingsError } from '../config/settings-error.ts'

/**
 * The providers that are there by themselves: those of the profile `default`, when none is configured. Throws a
 * SettingsError when the model that was chosen is of none of them.
 */
export async function discoverDefaultProviders(model: string | null, env: NodeJS.ProcessEnv): Promise<Provider[]> {
  const providers = await discoverProviders(env)
  const problem = model === null ? null : validateModelId(model, toKnownModels(providers))
  if (problem === null) return providers
  throw new SettingsError([
    `model: ${problem} Set OPENAI_API_KEY or ANTHROPIC_API_KEY, start Ollama, or add the provider to config.json.`,
  ])
}
