import type { ProviderEfforts } from './provider-efforts.ts'

export const providerTypes = ['openai', 'anthropic', 'azure', 'openai-compatible'] as const

export type ProviderType = (typeof providerTypes)[number]

/** The smallest context window of a model, in tokens, that is configured or taken from a list. */
export const minContextWindow = 256
/** The largest one that is believed, in tokens. */
export const maxContextWindow = 100_000_000

/** A model provider. Everything is resolved: nothing is read from the environment later. */
export interface Provider {
  /** The part of a model id before the first slash. */
  readonly name: string
  readonly type: ProviderType
  /** Null: the public API of the type. */
  readonly baseURL: string | null
  /** Null: requests are sent without a key, as local servers expect. */
  readonly apiKey: string | null
  /** The environment variable that is to hold the key, and is not set. Null or left out if there is none. */
  readonly unsetApiKeyEnv?: string | null
  /** Version of Azure's API. Null: the default one. Other types have none. */
  readonly apiVersion: string | null
  /** Names of its models. Null: they are fetched from the provider. */
  readonly models: readonly string[] | null
  /** Context window of its models, in tokens. Null: the provider or the name of the model tells it. */
  readonly contextWindow: number | null
  /** The configured efforts of its models. Left out, and of the others: its list or their names tell them. */
  readonly efforts?: ProviderEfforts
  /** How many requests to its models run at the same time. Null: any number. */
  readonly maxConcurrent: number | null
}
