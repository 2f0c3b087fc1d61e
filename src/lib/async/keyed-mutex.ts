/** Runs tasks with the same key one after the other. Tasks with different keys run at the same time. */
export class KeyedMutex {
  readonly #lastTaskByKey = new Map<string, Promise<unknown>>()

  /** Runs `task` after all earlier tasks with this key, whether they succeed or fail. */
  run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const result = (this.#lastTaskByKey.get(key) ?? Promise.resolve()).then(task)
    const completion = result
      .catch(() => undefined)
      .then(() => {
        if (this.#lastTaskByKey.get(key) === completion) this.#lastTaskByKey.delete(key)
      })
    this.#lastTaskByKey.set(key, completion)
    return result
  }
}
