import { normalizeSearchText } from '../../../search/analyzer.ts'
import { splitIntoPassages } from '../../../search/passages.ts'
import type { SegueProfileDatabase } from '../segue-profile-database.ts'
import { loadSegueMessageText } from '../rows/load-segue-message-text.ts'
import { BackgroundSteps } from '../database/background-steps.ts'
import { yieldToEventLoop } from '../../../lib/async/yield-to-event-loop.ts'
import type { Logger } from '../../../lib/logger.ts'

/**
 * Indexes what commits leave out of the search index: long messages, and everything that is older than the index. It works in
 * slices of a few milliseconds and pauses after each for as long as it took. A message that was not finished when the process
 * ended is indexed again by the next one.
 */
export class BackgroundSearchIndexer {
  readonly #database: SegueProfileDatabase
  readonly #log: Logger
  readonly #steps: BackgroundSteps
  /** A second time would not help: the disk fails, or something writes into the file. */
  #wasRebuilt = false

  constructor(database: SegueProfileDatabase, log: Logger) {
    this.#database = database
    this.#log = log
    this.#steps = new BackgroundSteps({
      step: (signal) => this.#indexSlice(signal),
      onError: (error) => log.warn({ err: error }, 'Search indexing failed. Some messages are not searchable yet.'),
    })
    database.onSearchBacklog(() => this.#steps.wake())
    if (database.hasFile) this.#steps.wake()
  }

  /** Resolves when the current slice has ended. */
  close(): Promise<void> {
    return this.#steps.close()
  }

  /** Returns whether anything is left. Damage of the index is met in any statement. */
  async #indexSlice(signal: AbortSignal): Promise<boolean> {
    const { searchIndex } = this.#database
    if (searchIndex.isDamaged) return !this.#wasRebuilt && this.#rebuild()
    try {
      return await this.#indexNext(signal)
    } catch (error) {
      if (!searchIndex.isDamaged) throw error
      return true
    }
  }

  async #rebuild(): Promise<boolean> {
    this.#wasRebuilt = true
    await this.#database.rebuildSearchIndex()
    this.#log.warn({}, 'The search index was damaged. It is built again in the background.')
    return true
  }

  async #indexNext(signal: AbortSignal): Promise<boolean> {
    const { searchIndex } = this.#database
    const { hasMoreShort, longMessageId } = await this.#database.write(() => ({
      hasMoreShort: searchIndex.indexPending(),
      longMessageId: searchIndex.findNextLongMessage(),
    }))
    if (longMessageId !== null) await this.#indexLongMessage(longMessageId, signal)
    return longMessageId !== null || hasMoreShort || (await this.#database.write(() => searchIndex.backfill()))
  }

  async #indexLongMessage(id: string, signal: AbortSignal): Promise<void> {
    const { searchIndex } = this.#database
    const messageText = await this.#readText(id)
    const passages = splitIntoPassages(messageText)
    const numbers = await this.#database.write(() => searchIndex.reserveEntries(id, passages.length))
    for (const [index, number] of numbers.entries()) {
      const text = normalizeSearchText(passages[index] ?? '')
      await yieldToEventLoop()
      if (signal.aborted) return
      const exists = await this.#database.write(() => searchIndex.writeEntry('message', number, text))
      if (!exists) return
    }
    await this.#database.write(() => searchIndex.dequeue({ kind: 'message', id, isLong: true }))
  }

  async #readText(id: string): Promise<string> {
    const reading = loadSegueMessageText(this.#database, id)
    for (;;) {
      const { done, value } = reading.next()
      if (done) return value
      await yieldToEventLoop()
    }
  }
}
