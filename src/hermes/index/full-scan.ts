import type { HermesIndex } from './index-synchronizer.ts'
import type { OpenFile } from '../state/state-database.ts'

const shortestPause = 500 // milliseconds between two sweeps
const pauses = 2 // how long a pause is, as a multiple of the sweep before it: a large file is not read without end

/** Looks through all of Hermes' sessions for changes that leave no other trace, in steps, for as long as there are any. */
export class Sweep {
  readonly #index: HermesIndex
  /** The rowid behind which the next step begins; null between two sweeps. */
  #after: number | null = null
  #isDue = true
  #next = 0
  #took = 0
  /** Which index it is: of another one nothing is known. */
  #made = 0
  /** How the stretches of the last sweep looked, by the rowid before each, and those of this one. */
  #known = new Map<number, string>()
  #seen = new Map<number, string>()

  constructor(index: HermesIndex) {
    this.#index = index
  }

  /** The file has changed. */
  ask(): void {
    this.#isDue = true
  }

  /** One step; true while a sweep is under way. */
  step(file: OpenFile): boolean {
    const started = performance.now()
    if (this.#index.made !== this.#made) {
      this.#made = this.#index.made
      this.#known.clear()
      this.#after = null
      this.#isDue = true
    }
    if (this.#after === null) {
      if (!this.#isDue || started < this.#next) return false
      this.#isDue = false
      this.#after = 0
      this.#took = 0
      this.#seen = new Map()
    }
    const { last, print } = this.#index.look(file, this.#after, this.#known.get(this.#after))
    this.#seen.set(this.#after, print)
    this.#after = last
    this.#took += performance.now() - started
    if (last !== null) return true
    this.#known = this.#seen
    this.#next = performance.now() + Math.max(shortestPause, pauses * this.#took)
    return false
  }
}
