import type { ContextSizeObserver } from './context-size-observer.ts'

/** Remembers what requests show about a model, so that later requests are right the first time. */
export interface ModelObserver {
  /** False while the provider is known to refuse tools for this model. */
  readonly offersTools: boolean
  /** The model called a tool, or its provider refused tools. */
  reportToolSupport(isSupported: boolean): void
  readonly contextSize: ContextSizeObserver
  /** The names of the tools that the latest request left out, because of the provider's limits or the context window. */
  reportOmittedTools(names: readonly string[]): void
}
