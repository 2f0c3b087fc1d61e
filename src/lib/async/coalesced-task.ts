/** Runs a task one run at a time. Requests during a run have it run once more. */
export class CoalescedTask {
  readonly #run: () => Promise<void>
  #isRequested = false
  #isRunning = false

  constructor(run: () => Promise<void>) {
    this.#run = run
  }

  /** Resolves when the run has ended, at once during another one. Rejects with what the task throws: nothing runs then. */
  async request(): Promise<void> {
    this.#isRequested = true
    if (this.#isRunning) return
    this.#isRunning = true
    try {
      while (this.#isRequested) {
        this.#isRequested = false
        await this.#run()
      }
    } finally {
      this.#isRunning = false
    }
  }
}
