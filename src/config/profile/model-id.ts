import type { Provider } from './provider.ts'

/** The two parts of a model id, which is `<provider>/<name>`. The name may contain slashes. */
export interface ModelId {
  readonly provider: string
  readonly name: string
}

/** Splits a model id at its first slash; null if a part is missing. */
export function parseModelId(id: string): ModelId | null {
  const slash = id.indexOf('/')
  return slash < 1 || slash === id.length - 1 ? null : { provider: id.slice(0, slash), name: id.slice(slash + 1) }
}

export function formatModelId({ provider, name }: ModelId): string {
  return `${provider}/${name}`
}

/** The model that needs no provider. It exists in every profile. */
export const offlineModelId: ModelId = { provider: 'offline', name: 'eliza' }

/** The models that an id may name, by provider; null if the provider accepts any name. */
export type AllowedModelNames = ReadonlyMap<string, readonly string[] | null>

const offlineModels = [offlineModelId.provider, [offlineModelId.name]] as const

/** The models of the given providers, and the offline model. */
export function toAllowedModelNames(providers: readonly Pick<Provider, 'name' | 'models'>[]): AllowedModelNames {
  return new Map([...providers.map(({ name, models }) => [name, models] as const), offlineModels])
}

/** The models that can be named when no provider is configured: those of providers that discovery may find. */
export const discoverableProviderModels: AllowedModelNames = toAllowedModelNames(
  ['openai', 'anthropic', 'ollama'].map((name) => ({ name, models: null })),
)

/** The error message for a text that is not a model id. */
export const invalidModelIdMessage = `Use <provider>/<name>, as in ${formatModelId(offlineModelId)}.`

/**
 * Returns what is wrong with a model id, as a message for the user; null if the id is valid. A provider that accepts any
 * name rejects unknown ones itself, when it is called.
 */
export function validateModelId(id: string, knownModels: AllowedModelNames): string | null {
  const modelId = parseModelId(id)
  const quoted = JSON.stringify(id)
  if (modelId === null) return `Invalid model id ${quoted}. ${invalidModelIdMessage}`
  const names = knownModels.get(modelId.provider)
  if (names === undefined)
    return `Unknown provider in model ${quoted}. Configured providers: ${[...knownModels.keys()].join(', ')}.`
  if (names === null || names.includes(modelId.name)) return null
  const ids = names.map((name) => formatModelId({ ...modelId, name }))
  return `Unknown model ${quoted}. Models of this provider: ${ids.join(', ')}.`
}
