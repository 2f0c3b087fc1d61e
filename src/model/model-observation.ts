/** What the responses of a provider have shown about one of its models. */
export interface ModelObservation extends ModelEndpoint {
  readonly property: DetectedModelProperty
  /** Tokens for the windows, thousandths for `tokenScale`; 1 or 0 for the others. */
  readonly value: number
  /** Epoch milliseconds. */
  readonly observedAt: number
}

/** A model at a server. Another server of the same provider may run it otherwise. */
export interface ModelEndpoint {
  /** `<provider>/<name>`. */
  readonly model: string
  /** The configured base URL of the provider; empty for the public API of its type. */
  readonly baseURL: string
}

/**
 * - `contextWindow`: the size that a refusal named.
 * - `assumedContextWindow`: the size that is assumed after refusals that named none.
 * - `tokenScale`: how many of the model's tokens an estimated token is.
 * - `supportsTools`: whether tools were used or refused.
 */
export type DetectedModelProperty = 'contextWindow' | 'assumedContextWindow' | 'tokenScale' | 'supportsTools'
