/** Calls functions, each in a frame of its own, the one that was added last first. The page can react in between. */
export class FrameStack {
  readonly #waiting = new Set<() => void>()
  #isScheduled = false

  add(call: () => void): void {
    this.#waiting.add(call)
    this.#schedule()
  }

  cancel(call: () => void): void {
    this.#waiting.delete(call)
  }

  #schedule(): void {
    if (this.#isScheduled || this.#waiting.size === 0) return
    this.#isScheduled = true
    requestAnimationFrame(() => this.#callLast())
  }

  #callLast(): void {
    this.#isScheduled = false
    const last = [...this.#waiting].at(-1)
    if (!last) return
    this.#waiting.delete(last)
    this.#schedule()
    last()
  }
}
