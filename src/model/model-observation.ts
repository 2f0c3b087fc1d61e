/** What the responses of a provider have shown about one of its models. */
export interface ModelObservation extends ModelEndpoint {
  readonly property: DetectedModelProperty
  /** Tokens for `contextWindow`; 1 or 0 for the others. */
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

/** `contextWindow`: the size that a refusal named, in tokens. `supportsTools`: whether tools were used or refused. */
export type DetectedModelProperty = 'contextWindow' | 'supportsTools'
