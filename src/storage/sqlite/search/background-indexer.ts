import { setImmediate as breathe, setTimeout as delay } from 'node:timers/promises'
import { folded } from '../../../search/analyzer.ts'
import { stretchesOf } from '../../../search/passages.ts'
import type { ProfileDatabase } from '../database/sqlite-database.ts'
import { saidInMessage } from '../rows/message-text-reader.ts'

/**
 * Takes into the search index what no commit could take in on the way: long messages, and what was there before the
 * index. It goes in slices of a few milliseconds and rests as long as each has taken. What it was at when the process
 * ended is begun anew by the next one.
 */
export class Indexing {
  readonly #database: ProfileDatabase
  readonly #onProblem: (error: unknown) => void
  readonly #closing = new AbortController()
  #work: Promise<void> | null = null
  #isCalled = false

  constructor(database: ProfileDatabase, onProblem: (error: unknown) => void) {
    this.#database = database
    this.#onProblem = onProblem
    database.onUnindexed(() => this.#wake())
    if (database.isStored) this.#wake()
  }

  /** Ends with the slice that is under way. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#work
  }

  #wake(): void {
    this.#isCalled = true
    this.#work ??= this.#takeAll()
  }

  async #takeAll(): Promise<void> {
    try {
      // Not in the middle of the commit that woke it.
      await breathe()
      while (this.#isCalled) {
        this.#isCalled = false
        await this.#takeWhatIsLeft()
      }
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#onProblem(error)
    }
    this.#work = null
  }

  async #takeWhatIsLeft(): Promise<void> {
    const { signal } = this.#closing
    for (let begun = performance.now(); !signal.aborted && (await this.#takeSome()); begun = performance.now()) {
      await delay(performance.now() - begun, undefined, { ref: false, signal })
    }
  }

  /** False when nothing is left. */
  async #takeSome(): Promise<boolean> {
    const { index } = this.#database
    // The commit takes in what is short.
    const { isShortLeft, long } = this.#database.write(() => ({ isShortLeft: index.keepUp(), long: index.nextLong() }))
    if (long !== null) await this.#takeLong(long)
    return long !== null || isShortLeft || this.#database.write(() => index.takeOlder())
  }

  async #takeLong(id: string): Promise<void> {
    const { index } = this.#database
    const said = await this.#read(id)
    const stretches = stretchesOf(said)
    const numbers = this.#database.write(() => index.reserve(id, stretches.length))
    for (const [place, number] of numbers.entries()) {
      const text = folded(stretches[place] ?? '')
      await breathe()
      if (this.#closing.signal.aborted || !this.#database.write(() => index.write('message', number, text))) return
    }
    this.#database.write(() => index.done({ kind: 'message', id, isLong: true }))
  }

  async #read(id: string): Promise<string> {
    const reading = saidInMessage(this.#database, id)
    for (;;) {
      const { done, value } = reading.next()
      if (done) return value
      await breathe()
    }
  }
}
