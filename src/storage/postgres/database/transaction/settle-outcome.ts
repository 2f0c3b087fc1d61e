import { setTimeout as delay } from 'node:timers/promises'
import { StorageError, UnknownOutcomeError } from '../../../errors.ts'

const retryDelayMs = 250

export interface UncertainWrite<Result> {
  /** Commits a transaction: the same one each time. */
  readonly write: () => Promise<Result>
  /** Reads what an earlier call of `write` has committed. Null if it has not. */
  readonly findCommitted: () => Promise<Result | null>
}

/**
 * Commits a transaction once, also if its outcome is unknown at first: then what is stored tells, as soon as the database answers,
 * however long that takes. Rejects only if nothing was committed.
 */
export async function settleOutcome<Result>({ write, findCommitted }: UncertainWrite<Result>): Promise<Result> {
  let isUncertain = false
  for (;;) {
    try {
      return await write()
    } catch (error) {
      const isUnknown = error instanceof UnknownOutcomeError
      isUncertain ||= isUnknown
      if (!isUncertain) throw error
      // A transaction whose connection was lost may also have been committed after the last look.
      const committed = await waitUntilReachable(findCommitted)
      if (committed !== null) return committed
      if (!isUnknown) throw error
    }
  }
}

async function waitUntilReachable<Result>(read: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await read()
    } catch (error) {
      if (!(error instanceof StorageError && error.failure === 'UNREACHABLE')) throw error
      await delay(retryDelayMs, undefined, { ref: false })
    }
  }
}
