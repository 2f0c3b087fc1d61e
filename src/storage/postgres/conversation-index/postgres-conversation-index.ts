import type { Origin } from '../../../model/session.ts'
import { StorageError } from '../../errors.ts'
import type { ConversationChange } from '../../sessions/conversation-reader.ts'
import { readLatestChangeSeq } from '../database/change-sequences.ts'
import { ThrottledTask } from '../database/throttled-task.ts'
import { conversationsTopic, type PostgresProfileDatabase } from '../postgres-profile-database.ts'
import { readConversationChanges } from './conversation-change-log.ts'
import { selectConversationChanges } from './conversation-sources.ts'
import { hasPendingSessions, processPendingSessions } from './conversation-index-maintainer.ts'

/** Deltas of an answer are written more often than that, and change nothing in the index. */
const minIntervalMs = 100

type ChangeListener = (changed: readonly ConversationChange[] | null) => void

/**
 * Keeps the conversation index of a profile up to date, and tells of its changes, whichever process has made them: any process
 * indexes what any has written, and all of them read the log of changes.
 */
export class PostgresConversationIndex {
  readonly #database: PostgresProfileDatabase
  /** The number of the last change that the listeners were told of. */
  #cursor = 0
  /** Whether the cursor was set to the end of the log. */
  #started: Promise<void> | null = null
  readonly #listeners = new Map<Origin, ChangeListener>()
  /** One refresh at a time, so that a listener gets the changes in order. */
  #refreshes: Promise<void> = Promise.resolve()
  readonly #scheduledRefresh = new ThrottledTask(() => this.refresh(), minIntervalMs)

  constructor(database: PostgresProfileDatabase) {
    this.#database = database
  }

  /** There is one listener for each origin. It is told of what changes from now on in the conversations of that origin. */
  onChanges(origin: Origin, listener: ChangeListener): void {
    this.#listeners.set(origin, listener)
    this.scheduleRefresh()
  }

  /** Resolves when the index has, and the listeners were told of, everything that was committed before the call. */
  refresh(): Promise<void> {
    const refreshed = this.#refreshes.then(async () => {
      await this.#processPending()
      await this.#reportChanges()
    })
    this.#refreshes = refreshed.catch(() => undefined)
    return refreshed
  }

  /** Brings the index up to date before it is read. A read does not fail because the database cannot be written now. */
  async prepareRead(): Promise<void> {
    try {
      await this.#processPending()
    } catch (error) {
      if (!(error instanceof StorageError)) throw error
    }
  }

  /** Refreshes the index soon, if there is a listener: at once, or a moment after the last time. */
  scheduleRefresh(): void {
    if (this.#listeners.size > 0) this.#scheduledRefresh.schedule()
  }

  async close(): Promise<void> {
    await this.#scheduledRefresh.close()
    await this.#refreshes
  }

  async #start(): Promise<void> {
    try {
      this.#cursor = await readLatestChangeSeq(this.#database, 'conversations')
    } catch (error) {
      this.#started = null
      throw error
    }
  }

  async #processPending(): Promise<void> {
    // Before this process adds changes itself.
    await (this.#started ??= this.#start())
    for (let mayBeMore = true; mayBeMore && (await hasPendingSessions(this.#database));) {
      mayBeMore = await this.#database.write(processPendingSessions)
      // Not every write tells the other processes by itself.
      this.#database.publish(conversationsTopic)
    }
  }

  async #reportChanges(): Promise<void> {
    for (let isComplete = false; !isComplete;) {
      const page = await readConversationChanges(this.#database, this.#cursor)
      this.#cursor = page.last
      isComplete = page.isComplete
      for (const [origin, listener] of this.#listeners) {
        const changes = page.changes && selectConversationChanges(origin, page.changes)
        if (changes === null || changes.length > 0) listener(changes)
      }
    }
  }
}
