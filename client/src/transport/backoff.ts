import { onWake } from '../environment/on-wake.ts'

export interface RetryDelay {
  /** In milliseconds. */
  readonly minMs: number
  readonly maxMs: number
}

export const defaultRetryDelay: RetryDelay = { minMs: 250, maxMs: 15_000 }

/** Exponential backoff with jitter: each wait is twice as long as the one before, up to the maximum. */
export class Backoff {
  readonly #delay: RetryDelay
  #failureCount = 0

  constructor(delay: RetryDelay) {
    this.#delay = delay
  }

  /** A try was successful. */
  reset(): void {
    this.#failureCount = 0
  }

  /** Waits before the next try. Resolves at once when the page wakes up, or the signal is aborted. */
  async wait(signal: AbortSignal): Promise<void> {
    const { minMs, maxMs } = this.#delay
    const delayMs = Math.min(maxMs, minMs * 2 ** this.#failureCount) * (0.5 + Math.random() / 2)
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
      const removeWakeListener = onWake(finish)
      signal.addEventListener('abort', finish)
    })
  }
}
