import type { ContentOmissions } from '../content-omissions.ts'
import type { ContextSizeObserver } from './context-size-observer.ts'

/** Remembers what requests show about a model, so that later requests are right the first time. */
export interface ModelObserver {
  /** False while the provider is known to refuse tools for this model. */
  readonly offersTools: boolean
  /** What the provider is known to refuse now. */
  readonly omissions: ContentOmissions
  /** The provider refused this in a request. */
  reportRefusedContent(refused: Partial<ContentOmissions>): void
  /** The provider accepted a request with images. */
  reportImagesAccepted(): void
  /** The model called a tool, or its provider refused tools. */
  reportToolSupport(isSupported: boolean): void
  readonly contextSize: ContextSizeObserver
  /** The names of the tools that the latest request left out, because of the provider's limits or the context window. */
  reportOmittedTools(names: readonly string[]): void
}
