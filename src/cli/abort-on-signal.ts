/** Aborts at the first SIGINT or SIGTERM, so that a command cleans up; a second one ends the process. */
export function abortOnSignal(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort())
  return controller.signal
}
