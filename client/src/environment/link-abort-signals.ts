/** What one listener of each signal calls: Node warns of signals with more than ten. */
const abortsBySignal = new WeakMap<EventTarget, Set<() => void>>()

/**
 * Aborts a controller when one of the signals is aborted, with its reason. Returns a function that ends that. Many controllers
 * can be linked to one signal.
 */
export function linkAbortSignals(
  controller: AbortController,
  signals: readonly (AbortSignal | undefined)[],
): () => void {
  const unlinks = signals.map((signal) => {
    const abort = (): void => controller.abort(signal?.reason)
    if (signal?.aborted) abort()
    return signal && onAbort(signal, abort)
  })
  return () => {
    for (const unlink of unlinks) unlink?.()
  }
}

function onAbort(signal: AbortSignal, abort: () => void): () => void {
  const aborts = abortsBySignal.get(signal) ?? listen(signal)
  aborts.add(abort)
  return () => {
    aborts.delete(abort)
    if (aborts.size > 0 || abortsBySignal.get(signal) !== aborts) return
    abortsBySignal.delete(signal)
    signal.removeEventListener('abort', callAll)
  }
}

function listen(signal: AbortSignal): Set<() => void> {
  const aborts = new Set<() => void>()
  abortsBySignal.set(signal, aborts)
  signal.addEventListener('abort', callAll)
  return aborts
}

function callAll({ currentTarget }: Event): void {
  for (const abort of [...((currentTarget && abortsBySignal.get(currentTarget)) ?? [])]) abort()
}
