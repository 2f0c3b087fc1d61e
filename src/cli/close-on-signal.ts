import type { Logger } from '../lib/logger.ts'

/** How long closing may take before the process exits anyway. */
const shutdownTimeoutMs = 1500

/** The part of `process` that is used. */
export interface ProcessSignalSource {
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown
  exit(code: number): void
}

/**
 * Closes the server at the first SIGTERM or SIGINT, then exits. The status is 0, or 1 if closing fails or takes longer
 * than its limit. Later signals are ignored: one Ctrl-C arrives twice, from the terminal and from npm.
 */
export function closeOnSignal(close: () => Promise<void>, log: Logger, source: ProcessSignalSource = process): void {
  let isClosing = false
  const shutDown = async (signal: NodeJS.Signals): Promise<void> => {
    if (isClosing) return
    isClosing = true
    log.info({ signal }, 'Stopping.')
    const timer = setTimeout(() => {
      log.warn({ timeoutMs: shutdownTimeoutMs }, 'The shutdown timed out. Exiting anyway.')
      source.exit(1)
    }, shutdownTimeoutMs)
    try {
      await close()
      source.exit(0)
    } catch (error) {
      log.error({ err: error }, 'The shutdown failed.')
      source.exit(1)
    } finally {
      clearTimeout(timer)
    }
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) source.on(signal, (received) => void shutDown(received))
}
