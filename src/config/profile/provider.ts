export const providerTypes = ['openai', 'anthropic', 'openai-compatible'] as const

export type ProviderType = (typeof providerTypes)[number]

/** A place that models come from, with everything resolved: nothing is read from the environment later on. */
export interface Provider {
  /** The part of a model's id before the first slash. */
  readonly name: string
  readonly type: ProviderType
  /** Null: the type's own, public one. */
  readonly baseURL: string | null
  /** Null: none is sent, as local servers expect. */
  readonly apiKey: string | null
  /** The names it serves; null: it is asked. */
  readonly models: readonly string[] | null
  /** How many tokens the context of its models holds; null: as far as their names tell. */
  readonly contextWindow: number | null
}
