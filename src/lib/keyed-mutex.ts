/** Work under way, of which what has the same key is done one after the other. */
export class KeyedWork {
  readonly #running = new Set<Promise<unknown>>()
  readonly #last = new Map<string, Promise<unknown>>()

  /** How much is under way. */
  get size(): number {
    return this.#running.size
  }

  /** Runs `work` now, or after what came before with the same key. */
  run<T>(key: string | null, work: () => Promise<T>): Promise<T> {
    const done = key === null ? work() : (this.#last.get(key) ?? Promise.resolve()).then(work)
    const settled = done
      .catch(() => undefined)
      .then(() => {
        this.#running.delete(settled)
        if (key !== null && this.#last.get(key) === settled) this.#last.delete(key)
      })
    this.#running.add(settled)
    if (key !== null) this.#last.set(key, settled)
    return done
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }
}
