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

/** A key for maps: equal for equal endpoints. */
export function toModelEndpointKey({ model, baseURL }: ModelEndpoint): string {
  return JSON.stringify([model, baseURL])
}

/**
 * What is known of a model:
 * - `contextWindow`: the size that a refusal named.
 * - `assumedContextWindow`: the size that is assumed after refusals that named none.
 * - `tokenScale`: how many of the model's tokens an estimated token is.
 * - `maxImages`: how many images one request may have, as a refusal showed.
 * - `supportsTools`, `supportsImages`, `supportsOtherFiles`: whether these were used or refused. Other files are neither
 *   images nor text.
 * - `acceptsProviderState`, `acceptsToolCalls`: whether a history with its own state, or with tool calls, was refused.
 * - `acceptsSystemRole`: whether a system message was refused.
 * - `acceptsEffort:<effort>`: whether an effort was refused.
 * - `acceptsFile:<key>`: whether a single file was refused. The key is that of `createFileKey`.
 */
export type DetectedModelProperty =
  | 'contextWindow'
  | 'assumedContextWindow'
  | 'tokenScale'
  | 'maxImages'
  | 'supportsTools'
  | 'supportsImages'
  | 'supportsOtherFiles'
  | 'acceptsProviderState'
  | 'acceptsToolCalls'
  | 'acceptsSystemRole'
  | `acceptsEffort:${string}`
  | `acceptsFile:${string}`
