import { onWake } from '../environment/on-wake.ts'
import type { ReconnectOptions } from './reconnect-options.ts'

/** Exponential backoff with jitter: each wait is twice as long as the one before, up to the maximum. */
export class Backoff {
  readonly #options: ReconnectOptions
  #failureCount = 0

  constructor(options: ReconnectOptions) {
    this.#options = options
  }

  /** A try was successful. */
  reset(): void {
    this.#failureCount = 0
  }

  /** Waits before the next try. Resolves at once when the page wakes up, or the signal is aborted. */
  async wait(signal: AbortSignal): Promise<void> {
    const { minDelayMs, maxDelayMs } = this.#options
    const delayMs = Math.min(maxDelayMs, minDelayMs * 2 ** this.#failureCount) * (0.5 + Math.random() / 2)
    this.#failureCount += 1
    if (signal.aborted) return
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        clearTimeout(timer)
        removeWakeListener()
        signal.removeEventListener('abort', finish)
        resolve()
      }
      const timer = setTimeout(finish, delayMs)
      const removeWakeListener = onWake(() => {
        // The network may need a moment: the tries begin anew.
        this.#failureCount = 0
        finish()
      })
      signal.addEventListener('abort', finish)
    })
  }
}
