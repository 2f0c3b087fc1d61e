import { AgentError } from '../../agent.ts'

/** Why a provider refused a request that a changed request can avoid. */
export type ProviderRequestRejection =
  /** The model, or its server, takes no tools. */
  { readonly type: 'tools' } | ContextLengthRejection

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
