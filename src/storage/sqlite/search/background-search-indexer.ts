import { normalizeSearchText } from '../../../search/analyzer.ts'
import { splitIntoPassages } from '../../../search/passages.ts'
import type { SegueProfileDatabase } from '../segue-profile-database.ts'
import { loadSegueMessageText } from '../tables/load-segue-message-text.ts'
import { BackgroundSteps } from '../database/background-steps.ts'
import { yieldToEventLoop } from '../../../lib/async/yield-to-event-loop.ts'
import type { StorageHealth } from '../../health/storage-health.ts'
import type { Logger } from '../../../lib/logger.ts'

const rebuildingNotice =
  'The search index was damaged. It is built again in the background; searches find older messages when that is done.'
const damagedNotice =
  'The search index is damaged again, and is left out: searches may fail, and do not find new messages. Check the disk, stop ' +
  'the server and run `segue doctor --fix`.'

/**
 * Indexes what commits leave out of the search index: long messages, and everything that is older than the index. It works in
 * slices of a few milliseconds and pauses after each for as long as it took. A message that was not finished when the process
 * ended is indexed again by the next one.
 */
export class BackgroundSearchIndexer {
  readonly #database: SegueProfileDatabase
  readonly #health: StorageHealth
  readonly #log: Logger
  readonly #steps: BackgroundSteps
  /** By `performance.now()`. A second time would not help: the disk fails, or something writes into the file. */
  #rebuiltAt: number | null = null

  /** @param health Is told that a damaged index is built again. */
  constructor(database: SegueProfileDatabase, health: StorageHealth, log: Logger) {
    this.#database = database
    this.#health = health
    this.#log = log
    this.#steps = new BackgroundSteps({
      step: (signal) => this.#indexSlice(signal),
      onError: (error) => log.warn({ err: error }, 'Search indexing failed. Some messages are not searchable yet.'),
    })
    database.onSearchBacklog(() => this.#steps.wake())
    if (database.hasFile) this.#steps.wake()
  }

  /** A search has met damage. One that began before the index was rebuilt says nothing of the new one. */
  reportDamage(searchStartedAt: number): void {
    if (this.#rebuiltAt !== null && searchStartedAt <= this.#rebuiltAt) return
    this.#database.searchIndex.onDamaged()
    this.#steps.wake()
  }

  /** Resolves when the current slice has ended. */
  close(): Promise<void> {
    return this.#steps.close()
  }

  /** Returns whether anything is left. Damage of the index is met in any statement. */
  async #indexSlice(signal: AbortSignal): Promise<boolean> {
    const { searchIndex } = this.#database
    if (searchIndex.isDamaged) return this.#rebuild()
    try {
      const hasMore = await this.#indexNext(signal)
      if (!hasMore && !signal.aborted) this.#health.setNotice(null)
      return hasMore
    } catch (error) {
      if (!searchIndex.isDamaged) throw error
      return true
    }
  }

  /** If it fails, the next search or the next work tries it again. */
  async #rebuild(): Promise<boolean> {
    const isFirst = this.#rebuiltAt === null
    this.#report(isFirst ? rebuildingNotice : damagedNotice)
    if (!isFirst) return false
    await this.#database.rebuildSearchIndex()
    this.#rebuiltAt = performance.now()
    return true
  }

  #report(notice: string): void {
    if (this.#health.notice !== notice) this.#log.warn({}, notice)
    this.#health.setNotice(notice)
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
