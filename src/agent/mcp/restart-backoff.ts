/** After the first failure it is left alone for so long, in milliseconds, then for twice as long, and so on. */
const shortest = 5_000
const longest = 5 * 60_000
/** What has been up for so long, in milliseconds, has got over what was wrong with it. */
const steady = 60_000

/** How long a server is left alone that cannot be started, or that dies again and again. */
export class Rest {
  readonly #now: () => number
  #setbacks = 0
  #until = -Infinity

  constructor(now: () => number) {
    this.#now = now
  }

  get isOver(): boolean {
    return this.#now() >= this.#until
  }

  /** Whether something went wrong not long ago. */
  get isTroubled(): boolean {
    return this.#setbacks > 0
  }

  afterFailure(): void {
    this.#setbacks += 1
    this.#begin()
  }

  /** It was up for so many milliseconds. The first end after a quiet time costs no rest. */
  afterEnd(uptime: number): void {
    if (uptime >= steady) this.#setbacks = 0
    this.#begin()
    if (uptime < steady) this.#setbacks += 1
  }

  #begin(): void {
    const rest = this.#setbacks === 0 ? 0 : Math.min(shortest * 2 ** (this.#setbacks - 1), longest)
    this.#until = this.#now() + rest
  }
}
