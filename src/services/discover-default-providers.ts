import { discoverProviders } from '../agent/providers/discover-providers.ts'
import type { Provider } from '../config/profile/provider.ts'
import { configuredModels, modelFault } from '../config/profile/providers.ts'
import { SettingsError } from '../config/settings.ts'

/**
 * The providers that are there by themselves: those of the profile `default`, when none is configured. Throws a
 * SettingsError when the model that was chosen is of none of them.
 */
export async function foundProviders(model: string | null, env: NodeJS.ProcessEnv): Promise<Provider[]> {
  const providers = await discoverProviders(env)
  const wrong = model === null ? null : modelFault(model, configuredModels(providers))
  if (wrong === null) return providers
  throw new SettingsError([
    `model: ${JSON.stringify(model)} has to be ${wrong}. openai and anthropic are there when OPENAI_API_KEY or ` +
      'ANTHROPIC_API_KEY is set, ollama when it answers on this machine, others when config.json names them',
  ])
}
