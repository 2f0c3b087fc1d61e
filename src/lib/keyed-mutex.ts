/** Work under way, of which what has the same key is done one after the other. */
export class KeyedMutex {
  readonly #activeTasks = new Set<Promise<unknown>>()
  readonly #tailByKey = new Map<string, Promise<unknown>>()

  /** How much is under way. */
  get activeCount(): number {
    return this.#activeTasks.size
  }

  /** Runs `work` now, or after what came before with the same key. */
  run<T>(key: string | null, task: () => Promise<T>): Promise<T> {
    const result = key === null ? task() : (this.#tailByKey.get(key) ?? Promise.resolve()).then(task)
    const completion = result
      .catch(() => undefined)
      .then(() => {
        this.#activeTasks.delete(completion)
        if (key !== null && this.#tailByKey.get(key) === completion) this.#tailByKey.delete(key)
      })
    this.#activeTasks.add(completion)
    if (key !== null) this.#tailByKey.set(key, completion)
    return result
  }

  /** Resolves when nothing is under way. */
  async waitUntilIdle(): Promise<void> {
    while (this.#activeTasks.size > 0) await Promise.all(this.#activeTasks)
  }
}
