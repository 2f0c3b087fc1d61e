import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '../../lib/logger.ts'

/** How long closing may take before the process exits anyway. */
const closeTimeoutMs = 1500

export interface FailingServer {
  /** Resolves if the server cannot continue. */
  readonly failed: Promise<void>
  close(): Promise<void>
}

/** Ends the process with status 1 when the server cannot continue. Clients receive the ends of their answers before. */
export async function exitOnFailure({ failed, close }: FailingServer, log: Logger): Promise<never> {
  await failed
  // The log says why already. More may fail for the same reason.
  log.info({}, 'The server cannot continue and stops.')
  await Promise.race([close(), delay(closeTimeoutMs)]).catch((error: unknown) => {
    log.debug({ err: error }, 'The shutdown failed.')
  })
  process.exit(1)
}
