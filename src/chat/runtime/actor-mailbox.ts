export interface ActorMailboxOptions {
  /** Runs after each task, before the next one. If it fails, it runs again after the next task, or in 500 ms. */
  readonly afterEach: () => Promise<void>
  /** Called when `afterEach` fails. */
  readonly onError: (error: unknown) => void
  /** Called when no task is left. */
  readonly onIdle: () => void
}

const retryDelayMs = 500

/** Runs tasks one after the other, in order of arrival. */
export class ActorMailbox {
  readonly #options: ActorMailboxOptions
  #lastTask: Promise<unknown> = Promise.resolve()
  #pendingTaskCount = 0
  #retryTimer: NodeJS.Timeout | null = null

  constructor(options: ActorMailboxOptions) {
    this.#options = options
  }

  /** Runs a task after all earlier ones, whether they succeed or fail. */
  enqueue<T>(task: () => Promise<T>): Promise<T> {
    this.#pendingTaskCount += 1
    const result = this.#lastTask.then(task)
    this.#lastTask = result
      .catch(() => undefined)
      .then(() => this.#options.afterEach())
      .catch((error: unknown) => {
        this.#options.onError(error)
        this.#scheduleRetry()
      })
      .finally(() => {
        this.#pendingTaskCount -= 1
        if (this.#pendingTaskCount === 0) this.#options.onIdle()
      })
    return result
  }

  /** Runs `afterEach` when all tasks that are enqueued now have run. */
  wake(): void {
    void this.enqueue(async () => undefined)
  }

  /** Resolves when all tasks that are enqueued now have run. */
  async drain(): Promise<void> {
    await this.#lastTask
  }

  #scheduleRetry(): void {
    if (this.#retryTimer) return
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = null
      this.wake()
    }, retryDelayMs).unref()
  }
}
