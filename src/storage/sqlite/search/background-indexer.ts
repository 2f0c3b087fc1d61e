import { setTimeout as delay } from 'node:timers/promises'
import { normalizeText } from '../../../search/analyzer.ts'
import { splitIntoPassages } from '../../../search/passages.ts'
import type { SqliteDatabase } from '../database/sqlite-database.ts'
import { readStoredMessageText } from '../rows/message-text-reader.ts'
import { yieldToEventLoop } from '../../../lib/yield-to-event-loop.ts'
import type { Logger } from '../../../lib/logger.ts'

/**
 * Takes into the search index what no commit could take in on the way: long messages, and what was there before the
 * index. It goes in slices of a few milliseconds and rests as long as each has taken. What it was at when the process
 * ended is begun anew by the next one.
 */
export class BackgroundIndexer {
  readonly #database: SqliteDatabase
  readonly #log: Logger
  readonly #abortController = new AbortController()
  #currentRun: Promise<void> | null = null
  #hasPendingWork = false

  constructor(database: SqliteDatabase, log: Logger) {
    this.#database = database
    this.#log = log
    database.onSearchBacklog(() => this.#wake())
    if (database.hasFile) this.#wake()
  }

  /** Ends with the slice that is under way. */
  async close(): Promise<void> {
    this.#abortController.abort()
    await this.#currentRun
  }

  #wake(): void {
    this.#hasPendingWork = true
    this.#currentRun ??= this.#runUntilIdle()
  }

  async #runUntilIdle(): Promise<void> {
    try {
      // Not in the middle of the commit that woke it.
      await yieldToEventLoop()
      while (this.#hasPendingWork) {
        this.#hasPendingWork = false
        await this.#indexBacklog()
      }
    } catch (error) {
      if (!this.#abortController.signal.aborted)
        this.#log.warn({ err: error }, 'Search indexing failed. Some messages are not searchable yet.')
    }
    this.#currentRun = null
  }

  async #indexBacklog(): Promise<void> {
    const { signal } = this.#abortController
    for (
      let startedAt = performance.now();
      !signal.aborted && (await this.#indexSlice());
      startedAt = performance.now()
    ) {
      await delay(performance.now() - startedAt, undefined, { ref: false, signal })
    }
  }

  /** False when nothing is left. */
  async #indexSlice(): Promise<boolean> {
    const { searchIndex } = this.#database
    // The commit takes in what is short.
    const { isShortLeft: hasMoreShort, long: longMessageId } = this.#database.transaction(() => ({
      isShortLeft: searchIndex.indexPending(),
      long: searchIndex.findNextLongMessage(),
    }))
    if (longMessageId !== null) await this.#indexLongMessage(longMessageId)
    return longMessageId !== null || hasMoreShort || this.#database.transaction(() => searchIndex.backfill())
  }

  async #indexLongMessage(id: string): Promise<void> {
    const { searchIndex } = this.#database
    const messageText = await this.#readText(id)
    const passages = splitIntoPassages(messageText)
    const numbers = this.#database.transaction(() => searchIndex.reserveEntries(id, passages.length))
    for (const [place, number] of numbers.entries()) {
      const text = normalizeText(passages[place] ?? '')
      await yieldToEventLoop()
      if (
        this.#abortController.signal.aborted ||
        !this.#database.transaction(() => searchIndex.writeEntry('message', number, text))
      )
        return
    }
    this.#database.transaction(() => searchIndex.dequeue({ kind: 'message', id, isLong: true }))
  }

  async #readText(id: string): Promise<string> {
    const reading = readStoredMessageText(this.#database, id)
    for (;;) {
      const { done, value } = reading.next()
      if (done) return value
      await yieldToEventLoop()
    }
  }
}
