import type { ModelHistoryRequest } from '../../agent.ts'
import type { ProviderRequestRejection } from '../../providers/errors/provider-request-rejection.ts'
import type { ModelObserver } from '../model-observer.ts'
import type { ComposedRequest } from './composed-request.ts'
import { ContextShortening, type ContextShorteningOptions } from './context-shortening.ts'

export interface RequestAdaptationOptions extends Pick<ContextShorteningOptions, 'contextWindow' | 'tokenCounter'> {
  readonly observer: ModelObserver | undefined
}

/** What the requests of one answer contain, as far as the provider's refusals have changed it. */
export class RequestAdaptation {
  readonly #observer: ModelObserver | undefined
  readonly #contextShortening: ContextShortening
  #offersTools: boolean

  constructor({ observer, contextWindow, tokenCounter }: RequestAdaptationOptions) {
    this.#observer = observer
    this.#contextShortening = new ContextShortening({
      contextWindow,
      tokenCounter,
      ...(observer && { observer: observer.contextSize }),
    })
    this.#offersTools = observer?.offersTools ?? true
  }

  /** Whether the model is offered tools. */
  get offersTools(): boolean {
    return this.#offersTools
  }

  /** How the history of the next request is loaded. `reservedTokens`: what the request has beside it. */
  createHistoryRequest(reservedTokens: number): ModelHistoryRequest {
    const { contextWindow } = this.#contextShortening
    return { reservedTokens, ...(contextWindow !== null && { contextWindow }) }
  }

  /** Changes what the next requests contain. Returns false if nothing can be changed: the refusal is final. */
  adaptTo(refusal: ProviderRequestRejection, refused: ComposedRequest): boolean {
    if (refusal.type === 'context-length') return this.#contextShortening.adaptTo(refusal, refused)
    if (Object.keys(refused.tools).length === 0) return false
    this.#observer?.reportToolSupport(false)
    this.#offersTools = false
    return true
  }
}
