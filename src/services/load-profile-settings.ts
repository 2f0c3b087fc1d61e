import { homedir } from 'node:os'
import { toAllowedModelNames, validateModelId } from '../config/profile/model-id.ts'
import { type ProfileSettingsWithProviders, readProfileSettings } from '../config/profile/profile-settings.ts'
import type { Provider } from '../config/profile/provider.ts'
import { SettingsError } from '../config/settings-error.ts'
import { listProfileSecrets } from '../config/list-secrets.ts'
import type { Settings } from '../config/settings.ts'
import { registerSecrets } from '../lib/text/known-secrets.ts'
import type { Logger } from '../lib/logger.ts'
import { defaultProfileName } from '../profiles/profile-name.ts'

export interface ProfileSettingsOptions {
  /** The settings of the server, which are also those of the profile `default`. */
  readonly settings: Settings
  readonly env: NodeJS.ProcessEnv
  readonly log: Logger
  /** Finds the providers that need no configuration, in order of preference. */
  readonly findProviders: () => Promise<Provider[]>
}

/**
 * Returns the settings of a profile. Those of a named profile come from its own config.json only: nothing is inherited
 * from `default`. Throws a SettingsError.
 */
export async function loadProfileSettings(
  name: string,
  folder: string,
  { settings, env, log, findProviders }: ProfileSettingsOptions,
): Promise<ProfileSettingsWithProviders> {
  if (name === defaultProfileName) {
    const providers = settings.providers ?? assertHasModel(await findProviders(), settings.model)
    registerSecrets(listProfileSecrets({ ...settings, providers }))
    return { ...settings, providers }
  }
  const profileSettings = readProfileSettings({ env, homedir: homedir(), home: folder })
  registerSecrets(listProfileSecrets(profileSettings))
  for (const warning of profileSettings.warnings) log.warn({ profile: name }, warning)
  return profileSettings
}

/** Returns the providers that were found. Throws if none of them has the chosen model. */
function assertHasModel(providers: Provider[], model: string | null): Provider[] {
  const problem = model === null ? null : validateModelId(model, toAllowedModelNames(providers))
  if (problem === null) return providers
  throw new SettingsError([
    `model: ${problem} Set OPENAI_API_KEY or ANTHROPIC_API_KEY, start Ollama, or add the provider to config.json.`,
  ])
}
