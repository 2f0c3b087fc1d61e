import { discoverProviders } from '../agent/providers/discover-providers.ts'
import type { Provider } from '../config/profile/provider.ts'
import { toKnownModels, validateModelId } from '../config/profile/providers.ts'
import { SettingsError } from '../config/settings.ts'

/**
 * The providers that are there by themselves: those of the profile `default`, when none is configured. Throws a
 * SettingsError when the model that was chosen is of none of them.
 */
export async function discoverDefaultProviders(model: string | null, env: NodeJS.ProcessEnv): Promise<Provider[]> {
  const providers = await discoverProviders(env)
  const expected = model === null ? null : validateModelId(model, toKnownModels(providers))
  if (expected === null) return providers
  throw new SettingsError([
    `model: ${JSON.stringify(model)} has to be ${expected}. openai and anthropic are there when OPENAI_API_KEY or ` +
      'ANTHROPIC_API_KEY is set, ollama when it answers on this machine, others when config.json names them',
  ])
}
