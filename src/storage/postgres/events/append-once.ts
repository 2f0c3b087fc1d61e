import type { AppendRequest } from '../../event-store.ts'
import { settleOutcome } from '../database/transaction/settle-outcome.ts'
import type { PostgresProfileDatabase } from '../postgres-profile-database.ts'
import { hasEvent } from '../tables/event-table.ts'
import { writeAppends } from './append.ts'

/**
 * Appends in one transaction. If its outcome is unknown, the logs tell. Whoever appends does not know otherwise where a log ends,
 * and would append the same text again.
 */
export async function appendOnce(database: PostgresProfileDatabase, requests: readonly AppendRequest[]): Promise<void> {
  const write = async (): Promise<true> => {
    await database.write((transaction) => writeAppends(transaction, requests))
    return true
  }
  const [first] = requests.flatMap(({ events }) => events)
  if (first) await settleOutcome({ write, findCommitted: async () => (await hasEvent(database, first)) || null })
  else await write()
}
