/** Receives the new value and the one before it. */
export type LiveValueListener<T> = (current: T, previous: T) => void

/** A value that may be replaced while the server runs. Read `current` at each use, rather than keep it. */
export interface LiveValue<T> {
  readonly current: T
  /** Calls `listener` at each replacement, until the returned function is called. */
  subscribe(listener: LiveValueListener<T>): () => void
}

/** A live value with the means to replace it. */
export class MutableLiveValue<T> implements LiveValue<T> {
  #current: T
  readonly #listeners = new Set<LiveValueListener<T>>()

  constructor(initial: T) {
    this.#current = initial
  }

  get current(): T {
    return this.#current
  }

  subscribe(listener: LiveValueListener<T>): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  replace(value: T): void {
    const previous = this.#current
    this.#current = value
    for (const listener of [...this.#listeners]) listener(value, previous)
  }
}
