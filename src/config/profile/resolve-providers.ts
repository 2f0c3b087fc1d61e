import type { SettingsDiagnostics } from '../settings-reader.ts'
import { isShowableVariableName } from './is-showable-variable-name.ts'
import type { Provider } from './provider.ts'
import { invalidEffortsMessage, parseProviderEfforts } from './provider-efforts.ts'
import type { ProviderEntry } from './providers-schema.ts'

export interface ResolvedProviders extends Required<Pick<SettingsDiagnostics, 'warnings'>> {
  readonly providers: readonly Provider[]
}

/** Says that a variable is not set. Its name is left out if it may be the key itself, by mistake. */
function describeUnsetVariable(name: string): string {
  return isShowableVariableName(name)
    ? `Environment variable ${name} is not set.`
    : 'The environment variable that it names is not set. If it is the key itself, name it apiKey instead.'
}

/**
 * Looks the API keys up in the environment. A provider whose variable is unset has no key: its server may need none. The
 * warning about it begins with `label`, which says where the entries come from.
 */
export function resolveProviders(
  entries: Readonly<Record<string, ProviderEntry>>,
  env: NodeJS.ProcessEnv,
  label: string,
): ResolvedProviders {
  const warnings: string[] = []
  const providers = Object.entries(entries).map(([name, entry]): Provider => {
    const { type, baseURL, apiKeyEnv, apiKey, apiVersion, models, contextWindow, maxConcurrent } = entry
    const efforts = entry.efforts === undefined ? undefined : parseProviderEfforts(entry.efforts)
    if (efforts === null) warnings.push(`${label}.${name}.efforts: ${invalidEffortsMessage} It is ignored.`)
    const envKey = apiKeyEnv === undefined ? undefined : env[apiKeyEnv] || undefined
    const unsetApiKeyEnv = apiKeyEnv !== undefined && envKey === undefined ? apiKeyEnv : null
    if (unsetApiKeyEnv !== null)
      warnings.push(
        `${label}.${name}.apiKeyEnv: ${describeUnsetVariable(unsetApiKeyEnv)} Requests are sent without a key.`,
      )
    return {
      name,
      type,
      baseURL: baseURL ?? null,
      apiKey: apiKey ?? envKey ?? null,
      unsetApiKeyEnv,
      apiVersion: apiVersion ?? null,
      models: models ?? null,
      contextWindow: contextWindow ?? null,
      efforts: efforts ?? [],
      maxConcurrent: maxConcurrent ?? null,
    }
  })
  return { providers, warnings }
}
