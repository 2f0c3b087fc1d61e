import { BackgroundSteps } from '../database/background-steps.ts'
import type { Logger } from '../../../lib/logger.ts'
import type { SegueProfileDatabase } from '../segue-profile-database.ts'
import { deleteQueuedRows, hasQueuedRows } from './delete-queued-rows.ts'

/** Deletes the rows of deleted sessions and jobs, also of those that were deleted before the process started. */
export class BackgroundRowDeleter {
  readonly #steps: BackgroundSteps

  constructor(database: SegueProfileDatabase, log: Logger) {
    this.#steps = new BackgroundSteps({
      step: async () => hasQueuedRows(database) && database.write(() => deleteQueuedRows(database)),
      onError: (error) =>
        log.warn({ err: error }, 'Some rows of what was deleted are left. The next deletion or start removes them.'),
    })
    database.onQueuedRows(() => this.#steps.wake())
    if (database.hasFile) this.#steps.wake()
  }

  /** Resolves when the current step has ended. */
  close(): Promise<void> {
    return this.#steps.close()
  }
}
