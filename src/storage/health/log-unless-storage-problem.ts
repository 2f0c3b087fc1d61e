import type { Logger } from '../../lib/logger.ts'
import { findStorageProblem } from './storage-problem.ts'

/** A handler for an error that need not stop other work: it logs the error. It throws a problem of the storage, which does. */
export function logUnlessStorageProblem(log: Logger, message: string): (error: unknown) => null {
  return (error) => {
    if (findStorageProblem(error) !== null) throw error
    log.error({ err: error }, message)
    return null
  }
}
