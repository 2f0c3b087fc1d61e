/** Keeps track of running tasks, so that a shutdown can wait for them. */
export class TaskTracker {
  readonly #tasks = new Set<Promise<unknown>>()

  get activeCount(): number {
    return this.#tasks.size
  }

  /** Starts a task at once and returns its result. */
  run<T>(task: () => Promise<T>): Promise<T> {
    const result = task()
    const completion = result
      .catch(() => undefined)
      .then(() => {
        this.#tasks.delete(completion)
      })
    this.#tasks.add(completion)
    return result
  }

  /** Resolves when no task is running, including tasks that start while it waits. */
  async waitUntilIdle(): Promise<void> {
    while (this.#tasks.size > 0) await Promise.all(this.#tasks)
  }
}
