import { homedir } from 'node:os'
import { discoverProviders } from '../agent/providers/discover-providers.ts'
import { toAllowedModelNames, validateModelId } from '../config/profile/model-id.ts'
import { type ProfileSettingsWithProviders, readProfileSettings } from '../config/profile/profile-settings.ts'
import type { Provider } from '../config/profile/provider.ts'
import { SettingsError } from '../config/settings-error.ts'
import { listProfileSecrets } from '../config/list-secrets.ts'
import type { Settings } from '../config/settings.ts'
import { registerSecrets } from '../lib/text/known-secrets.ts'
import type { HttpClient } from '../lib/http/http-client.ts'
import type { Logger } from '../lib/logger.ts'
import { defaultProfileName } from '../profiles/profile-name.ts'

export interface ProfileSettingsOptions {
  /** The settings of the server, which are also those of the profile `default`. */
  readonly settings: Settings
  readonly env: NodeJS.ProcessEnv
  readonly log: Logger
  readonly httpClient: HttpClient
}

/**
 * Returns the settings of a profile. Those of a named profile come from its own config.json only: nothing is inherited
 * from `default`. Throws a SettingsError.
 */
export async function loadProfileSettings(
  name: string,
  folder: string,
  { settings, env, log, httpClient }: ProfileSettingsOptions,
): Promise<ProfileSettingsWithProviders> {
  if (name === defaultProfileName) {
    const providers = settings.providers ?? (await discoverDefaultProviders(settings.model, env, httpClient))
    registerSecrets(listProfileSecrets({ ...settings, providers }))
    return { ...settings, providers }
  }
  const profileSettings = readProfileSettings({ env, homedir: homedir(), home: folder })
  registerSecrets(listProfileSecrets(profileSettings))
  for (const warning of profileSettings.warnings) log.warn({ profile: name }, warning)
  return profileSettings
}

/** Finds the providers of the profile `default` if none is configured. Throws if none of them has the chosen model. */
async function discoverDefaultProviders(
  model: string | null,
  env: NodeJS.ProcessEnv,
  httpClient: HttpClient,
): Promise<Provider[]> {
  const providers = await discoverProviders(env, httpClient)
  const problem = model === null ? null : validateModelId(model, toAllowedModelNames(providers))
  if (problem === null) return providers
  throw new SettingsError([
    `model: ${problem} Set OPENAI_API_KEY or ANTHROPIC_API_KEY, start Ollama, or add the provider to config.json.`,
  ])
}
