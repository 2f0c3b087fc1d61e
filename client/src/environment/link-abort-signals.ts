/** Aborts a controller when one of the signals is aborted. Returns a function that ends that. */
export function linkAbortSignals(
  controller: AbortController,
  signals: readonly (AbortSignal | undefined)[],
): () => void {
  const abort = (): void => controller.abort()
  for (const signal of signals) {
    if (signal?.aborted) abort()
    signal?.addEventListener('abort', abort)
  }
  return () => {
    for (const signal of signals) signal?.removeEventListener('abort', abort)
  }
}
