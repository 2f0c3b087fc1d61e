import { setTimeout as delay } from 'node:timers/promises'
import { yieldToEventLoop } from '../../../lib/async/yield-to-event-loop.ts'

export interface BackgroundStepsOptions {
  /** Does a few milliseconds of work. Resolves to whether anything is left. */
  readonly step: (signal: AbortSignal) => Promise<boolean>
  /** A step has failed. The work goes on with the next `wake`. */
  readonly onError: (error: unknown) => void
}

/** Does long work in the background, step by step. It pauses after each step for as long as the step took. */
export class BackgroundSteps {
  readonly #options: BackgroundStepsOptions
  readonly #abortController = new AbortController()
  #currentRun: Promise<void> | null = null
  #hasPendingWork = false

  constructor(options: BackgroundStepsOptions) {
    this.#options = options
  }

  /** There is work. Call it from anywhere, also within the work itself. */
  wake(): void {
    if (this.#abortController.signal.aborted) return
    this.#hasPendingWork = true
    this.#currentRun ??= this.#runUntilIdle()
  }

  /** Resolves when the current step has ended. No other one begins. */
  async close(): Promise<void> {
    this.#abortController.abort()
    await this.#currentRun
  }

  async #runUntilIdle(): Promise<void> {
    const { signal } = this.#abortController
    try {
      // The caller of `wake` has not returned yet.
      await yieldToEventLoop()
      while (this.#hasPendingWork && !signal.aborted) {
        this.#hasPendingWork = false
        await this.#runSteps(signal)
      }
    } catch (error) {
      if (!signal.aborted) this.#options.onError(error)
    }
    this.#currentRun = null
  }

  async #runSteps(signal: AbortSignal): Promise<void> {
    for (
      let startedAt = performance.now();
      !signal.aborted && (await this.#options.step(signal));
      startedAt = performance.now()
    ) {
      await delay(performance.now() - startedAt, undefined, { ref: false, signal })
    }
  }
}
