/** The listeners of a value, which may be kept up to date while there are any. */
export class ListenerSet {
  readonly #listeners = new Set<() => void>()
  readonly #onAdd: (() => void) | undefined
  readonly #onEmpty: (() => void) | undefined

  /** @param onAdd Is called with each listener that is added. @param onEmpty Is called when the last one was removed. */
  constructor(onAdd?: () => void, onEmpty?: () => void) {
    this.#onAdd = onAdd
    this.#onEmpty = onEmpty
  }

  get size(): number {
    return this.#listeners.size
  }

  /** Returns a function that removes the listener. */
  readonly add = (listener: () => void): (() => void) => {
    // A function of its own for each call, because the same listener may be given twice.
    const entry = (): void => listener()
    this.#listeners.add(entry)
    this.#onAdd?.()
    return () => {
      this.#listeners.delete(entry)
      // A page that renders again leaves and comes back at once.
      queueMicrotask(() => {
        if (this.size === 0) this.#onEmpty?.()
      })
    }
  }

  notify(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}
