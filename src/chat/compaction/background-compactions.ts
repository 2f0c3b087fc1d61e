import { rejectOnAbort } from '../../lib/async/reject-on-abort.ts'

/** The summaries that are being written in the background: at most one for each session. */
export class BackgroundCompactions {
  readonly #results = new Map<string, Promise<unknown>>()

  /** Runs a compaction of a session. Returns null, and does nothing, if one is running. */
  async run<T>(sessionId: string, compact: () => Promise<T>): Promise<T | null> {
    if (this.#results.has(sessionId)) return null
    const result = compact().finally(() => this.#results.delete(sessionId))
    this.#results.set(sessionId, result)
    return result
  }

  /** Waits for the end of a session's compaction, whatever it is. Resolves to false if none runs. Rejects if the signal aborts. */
  async wait(sessionId: string, signal: AbortSignal): Promise<boolean> {
    const result = this.#results.get(sessionId)
    if (!result) return false
    await rejectOnAbort(
      result.catch(() => undefined),
      signal,
    )
    return true
  }
}
