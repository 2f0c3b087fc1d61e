import { SegueError } from './errors.ts'

/** Lets a few pieces of work run at once; more wait for their turn, in the order in which they came. */
export class Turns {
  readonly #mostAtOnce: number
  readonly #mostWaiting: number
  readonly #waiting = new Set<() => void>()
  #running = 0

  constructor(mostAtOnce: number, mostWaiting: number) {
    this.#mostAtOnce = mostAtOnce
    this.#mostWaiting = mostWaiting
  }

  /** What the work comes to; null when the signal was aborted before its turn. Throws RATE_LIMITED when too many wait. */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T | null> {
    if (this.#running < this.#mostAtOnce) this.#running += 1
    else if (!(await this.#turn(signal))) return null
    try {
      return signal.aborted ? null : await work()
    } finally {
      // Its place is handed on, so that nobody who comes later takes it.
      const next = this.#waiting.values().next().value
      if (next) next()
      else this.#running -= 1
    }
  }

  /** Waits for a place that somebody leaves. False when the signal was aborted before. */
  async #turn(signal: AbortSignal): Promise<boolean> {
    if (this.#waiting.size >= this.#mostWaiting) {
      throw new SegueError('RATE_LIMITED', 'Too many searches at once. Try again later.')
    }
    if (signal.aborted) return false
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const take = (): void => end(true)
    const leave = (): void => end(false)
    const end = (isPlaced: boolean): void => {
      this.#waiting.delete(take)
      signal.removeEventListener('abort', leave)
      resolve(isPlaced)
    }
    this.#waiting.add(take)
    signal.addEventListener('abort', leave)
    return promise
  }
}
