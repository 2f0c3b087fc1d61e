import type { Logger } from '../../lib/logger.ts'

/** How long closing may take, after the grace period, before the process exits anyway. */
const closeTimeoutMs = 1500

/**
 * A second SIGINT within this time is the same Ctrl-C: it arrives from the terminal, and once more from npm, which passes on
 * what it has received.
 */
const repeatedInterruptMs = 300

/** The part of `process` that is used. */
export interface ProcessSignalSource {
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown
  exit(code: number): void
}

export interface CloseOnSignalOptions {
  /** Closes the server. Running answers have `graceMs` to finish. */
  readonly close: (graceMs: number) => Promise<void>
  /** Whether the server could not continue: the status is 1 then. Default: it could. */
  readonly hasFailed?: () => boolean
  /** The grace period after a SIGTERM. A SIGINT has none. */
  readonly graceMs: number
  readonly log: Logger
  readonly source?: ProcessSignalSource
}

/**
 * Closes the server at the first SIGTERM or SIGINT, then exits. The status is 0, or 1 if closing fails or takes longer
 * than its limit. A second signal ends the process at once, with status 1: the next start recovers what was running.
 */
export function closeOnSignal(options: CloseOnSignalOptions): void {
  const { log, source = process } = options
  let first: { readonly signal: NodeJS.Signals; readonly at: number } | null = null
  const onSignal = (signal: NodeJS.Signals): void => {
    if (first === null) {
      first = { signal, at: performance.now() }
      void shutDown(signal, { ...options, source })
      return
    }
    const isRepeated =
      signal === 'SIGINT' && first.signal === 'SIGINT' && performance.now() - first.at < repeatedInterruptMs
    if (isRepeated) return
    log.warn({ signal }, 'A second signal arrived. Exiting at once.')
    source.exit(1)
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) source.on(signal, onSignal)
}

async function shutDown(
  signal: NodeJS.Signals,
  {
    close,
    log,
    source,
    hasFailed = () => false,
    ...options
  }: CloseOnSignalOptions & Pick<Required<CloseOnSignalOptions>, 'source'>,
): Promise<void> {
  const graceMs = signal === 'SIGINT' ? 0 : options.graceMs
  log.info({ signal, graceMs }, 'Stopping.')
  const timeoutMs = graceMs + closeTimeoutMs
  const timer = setTimeout(() => {
    log.warn({ timeoutMs }, 'The shutdown timed out. Exiting anyway.')
    source.exit(1)
  }, timeoutMs)
  try {
    await close(graceMs)
    source.exit(hasFailed() ? 1 : 0)
  } catch (error) {
    log.error({ err: error }, 'The shutdown failed.')
    source.exit(1)
  } finally {
    clearTimeout(timer)
  }
}
