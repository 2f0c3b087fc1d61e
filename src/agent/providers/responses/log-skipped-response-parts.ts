import type { Logger } from '../../../lib/logger.ts'

/**
 * Creates a function that logs what was skipped in the responses of a model: each kind once, with its count in the response
 * where it appeared first.
 */
export function createSkippedResponsePartLogger(
  log: Logger,
  model: { readonly provider: string; readonly model: string },
): (counts: ReadonlyMap<string, number>) => void {
  const logged = new Set<string>()
  return (counts) => {
    const fresh = [...counts].filter(([kind]) => !logged.has(kind) && logged.size < 1000)
    for (const [kind] of fresh) logged.add(kind)
    if (fresh.length > 0)
      log.info({ ...model, skipped: Object.fromEntries(fresh) }, 'Parts of a response are unknown and were skipped.')
  }
}
