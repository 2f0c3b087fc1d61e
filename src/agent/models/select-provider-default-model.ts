import type { ProviderType } from '../../config/profile/provider.ts'
import type { ProviderModel } from './parse-model-list.ts'

/** Selects the default model of a provider from its chat models. Returns undefined for an empty list. */
export function selectProviderDefaultModel(type: ProviderType, models: readonly ProviderModel[]): string | undefined {
  const preferred = models.filter(({ name }) => isPreferredFamily(type, name))
  return findNewest(preferred.length > 0 ? preferred : models)?.name
}

function isPreferredFamily(type: ProviderType, name: string): boolean {
  if (type === 'openai') return /^gpt-\d+(\.\d+)?$/.test(name)
  return type === 'anthropic' && name.includes('sonnet')
}

/** Returns the newest model; the first one if the times are equal or unknown. */
function findNewest(models: readonly ProviderModel[]): ProviderModel | undefined {
  return models.toSorted((a, b) => (b.createdAt ?? 0) - (a.createdAt ?? 0))[0]
}
