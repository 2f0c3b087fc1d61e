import type { Logger, LogMethod } from '../../lib/logger.ts'
import { findStorageProblem } from './storage-problem.ts'

/** A logger without the entries about problems of the storage: `StorageHealth` logs those, once a minute. */
export function omitStorageProblems(log: Logger): Logger {
  const filter = (write: LogMethod): LogMethod => {
    return (fields, message) => {
      if (!('err' in fields) || findStorageProblem(fields.err) === null) write(fields, message)
    }
  }
  return {
    debug: filter((...entry) => log.debug(...entry)),
    info: filter((...entry) => log.info(...entry)),
    warn: filter((...entry) => log.warn(...entry)),
    error: filter((...entry) => log.error(...entry)),
  }
}
