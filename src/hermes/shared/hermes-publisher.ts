import { SegueError } from '../../lib/errors.ts'
import type { Logger } from '../../lib/logger.ts'
import { StorageError } from '../../storage/errors.ts'
import type { HermesIndex } from '../../storage/installation/hermes-index.ts'
import type { HermesSessionReader } from '../hermes-session-reader.ts'

export interface HermesPublisherOptions {
  readonly reader: Pick<HermesSessionReader, 'refresh' | 'shared'>
  readonly index: Pick<HermesIndex, 'storeSessions' | 'replaceSessions' | 'reportAllChanged'>
  /** Called when another process reads by now: nothing was stored. */
  readonly onReplaced: () => void
  readonly log: Logger
}

const sessionsPerBatch = 200

/**
 * Brings the sessions that this process reads in Hermes' files to the index that all processes read: at first all of them, and
 * then those that have changed.
 */
export class HermesPublisher {
  readonly #options: HermesPublisherOptions
  readonly #changedIds = new Set<string>()
  #mustReplaceAll = true
  /** Whether clients know the sessions of another file, or that there is none. */
  #mustReportAll = false
  #isCleared = false
  #current: Promise<void> = Promise.resolve()
  #next: Promise<void> | null = null

  constructor(options: HermesPublisherOptions) {
    this.#options = options
  }

  /** Adds ids of sessions that have changed; null if any may have. */
  add(ids: readonly string[] | null): void {
    if (ids === null) this.#mustReplaceAll = true
    for (const id of ids ?? []) this.#changedIds.add(id)
    this.schedule()
  }

  /** Removes all sessions: the file is gone. They are published again once there is one. */
  async clear(): Promise<void> {
    if (this.#isCleared) return
    await this.#current
    if (!(await this.#options.index.replaceSessions({ after: '', last: null }, []))) return this.#options.onReplaced()
    this.#mustReplaceAll = true
    this.#mustReportAll = true
    this.#isCleared = true
    await this.#options.index.reportAllChanged()
  }

  /** Publishes soon. What cannot be stored now stays to be stored the next time. */
  schedule(): void {
    if (this.#next) return
    this.publish().catch((error: unknown) => {
      if (!(error instanceof StorageError || error instanceof SegueError))
        this.#options.log.error({ err: error }, 'Storing the sessions of Hermes failed. It is tried again.')
    })
  }

  /** Resolves when everything is stored that Hermes had written before the call. */
  publish(): Promise<void> {
    // A run in progress may have read the file already: the caller waits for the one after it.
    this.#next ??= this.#current.then(() => {
      this.#next = null
      const run = this.#publishChanges()
      this.#current = run.catch(() => undefined)
      return run
    })
    return this.#next
  }

  async #publishChanges(): Promise<void> {
    await this.#options.reader.refresh()
    if (this.#mustReplaceAll && !(await this.#replaceAll())) return
    while (this.#changedIds.size > 0) {
      if (!(await this.#storeChanged([...this.#changedIds].slice(0, sessionsPerBatch)))) return
    }
  }

  /** Resolves to whether all of them are stored. */
  async #replaceAll(): Promise<boolean> {
    this.#mustReplaceAll = false
    this.#isCleared = false
    this.#changedIds.clear()
    try {
      for (let after: string | null = ''; after !== null;) after = await this.#replaceNext(after)
    } catch (error) {
      this.#mustReplaceAll = true
      throw error
    }
    if (this.#mustReplaceAll) return false
    if (this.#mustReportAll) await this.#options.index.reportAllChanged()
    // What is replaced after the first time is another file.
    this.#mustReportAll = true
    return true
  }

  /** Resolves to the id to go on after; null at the end, and if it cannot go on now. */
  async #replaceNext(after: string): Promise<string | null> {
    const page = await this.#options.reader.shared.list(after, sessionsPerBatch)
    const isStored = page && (await this.#options.index.replaceSessions({ after, last: page.lastId }, page.sessions))
    if (isStored) return page.lastId
    this.#mustReplaceAll = true
    if (isStored === false) this.#options.onReplaced()
    return null
  }

  /** Resolves to whether they are stored. */
  async #storeChanged(ids: readonly string[]): Promise<boolean> {
    let isStored = false
    for (const id of ids) this.#changedIds.delete(id)
    try {
      const sessions = await this.#options.reader.shared.find(ids)
      if (!sessions) return false
      const existingIds = new Set(sessions.map(({ record }) => record.id))
      const deletedIds = ids.filter((id) => !existingIds.has(id))
      isStored = await this.#options.index.storeSessions(sessions, deletedIds)
      if (!isStored) this.#options.onReplaced()
      return isStored
    } finally {
      if (!isStored) for (const id of ids) this.#changedIds.add(id)
    }
  }
}
