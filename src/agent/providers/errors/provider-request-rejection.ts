import { AgentError } from '../../agent.ts'

/** Why a provider refused a request that a changed request can avoid. */
export type ProviderRequestRejection =
  /** The model, or its server, takes no tools. */
  | { readonly type: 'tools' }
  /** The earlier tool calls lack something that the model wants with its own, such as its thoughts. */
  | { readonly type: 'tool-calls' }
  /** The model does not take the effort that was asked for: that one, or any. */
  | { readonly type: 'effort'; readonly isOfOneValue: boolean }
  /** The model takes no system message. */
  | { readonly type: 'system-role' }
  /** The model, or its server, takes no images. */
  | { readonly type: 'images' }
  /** The model takes no files of some type that is neither image nor text. */
  | { readonly type: 'other-files' }
  /** There are too many images. Null: the error does not say how many there may be. */
  | { readonly type: 'image-count'; readonly maxImages: number | null }
  | InvalidFilesRejection
  /** The body of the request is too large, in bytes. */
  | { readonly type: 'request-size' }
  /** The provider does not take back its own state, or what it takes for that. */
  | { readonly type: 'provider-state' }
  /** The server failed, again and again. A file that was sent before may be the reason. */
  | { readonly type: 'server-failure' }
  /** The error is not understood. Anything that not every model takes may be the reason. */
  | { readonly type: 'unknown' }
  | ContextLengthRejection

/** Images or other files cannot be used: they cannot be fetched or read, are too large, or of a wrong type. */
export interface InvalidFilesRejection {
  readonly type: 'invalid-files'
  /** The data of those that the error names, as in the body of the request: URLs or base64. Empty if it names none. */
  readonly named: readonly string[]
}

/** The request is too long. Counts are in the provider's tokens; null where it does not tell them. */
export interface ContextLengthRejection {
  readonly type: 'context-length'
  /** How much the model takes, input and output together or input alone. */
  readonly contextWindow: number | null
  /** How much was sent. */
  readonly inputTokens: number | null
}

/** The error of a refused request. It is shown to users if no changed request succeeds. */
export class AdjustableRequestRejectionError extends AgentError {
  readonly refusal: ProviderRequestRejection

  constructor(code: AgentError['code'], message: string, refusal: ProviderRequestRejection) {
    super(code, message)
    this.refusal = refusal
  }
}
