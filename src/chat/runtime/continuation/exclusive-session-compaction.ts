import type { IfBusy } from '../../turn/if-busy.ts'
import { CompactingError, createCompactionCancelledError } from '../session-errors.ts'

interface RunningCompaction {
  readonly abortController: AbortController
  readonly result: Promise<unknown>
}

/** The compaction that a person has asked for. The session is busy while it runs, and there is at most one. */
export class ExclusiveSessionCompaction {
  #running: RunningCompaction | null = null

  get isRunning(): boolean {
    return this.#running !== null
  }

  /** Throws CompactingError while it runs. */
  assertNotRunning(): void {
    if (this.#running) throw new CompactingError()
  }

  /** Waits for its end. With REJECT, throws CompactingError instead; with INTERRUPT, cancels it. */
  async wait(ifBusy: IfBusy): Promise<void> {
    if (!this.#running) return
    if (ifBusy === 'REJECT') throw new CompactingError()
    if (ifBusy === 'INTERRUPT') this.cancel(createCompactionCancelledError())
    await this.#running.result.catch(() => undefined)
  }

  /**
   * Runs a compaction. It counts as running from this call on, so that nothing starts before its first task, and until
   * it settles or calls `end`. Throws CompactingError.
   */
  async run<T>(compact: (signal: AbortSignal, end: () => void) => Promise<T>): Promise<T> {
    this.assertNotRunning()
    const abortController = new AbortController()
    const end = (): void => {
      if (this.#running?.abortController === abortController) this.#running = null
    }
    const result = compact(abortController.signal, end).finally(end)
    this.#running = { abortController, result }
    return result
  }

  /** Aborts the signal of the running compaction. */
  cancel(reason: Error): void {
    this.#running?.abortController.abort(reason)
  }
}
