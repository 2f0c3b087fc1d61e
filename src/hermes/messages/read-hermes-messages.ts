import { chunkArray } from '../../lib/chunk-array.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { StateDatabaseConnection } from '../state/state-database.ts'
import { messageFromHermesRows, hermesMessageColumns, type HermesMessageRow } from './message-mapper.ts'
import type { HermesMessageRowIds } from './message-outline-row.ts'

const idsPerQuery = 500

/** The messages of these entries, by session id, in the order of the map. */
export function readHermesMessages(
  { db, schema }: StateDatabaseConnection,
  entriesBySession: ReadonlyMap<string, readonly HermesMessageRowIds[]>,
): MessageRecord[] {
  const entries = [...entriesBySession.values()].flat()
  const resultIds = entries.flatMap(({ resultRowIds }) => resultRowIds.filter((id) => id !== null))
  const ids = [...entries.map(({ contentRowId }) => contentRowId), ...resultIds]
  if (ids.length === 0) return []
  const read = db.prepare<[string], HermesMessageRow>(
    `SELECT ${schema.selectColumns('messages', hermesMessageColumns)} FROM messages
     WHERE messages.id IN (SELECT value FROM json_each(?))`,
  )
  const rows = new Map<number, HermesMessageRow>()
  for (const batch of chunkArray(ids, idsPerQuery))
    for (const row of read.all(JSON.stringify(batch))) rows.set(row.id, row)
  const toMessages = (sessionId: string, entry: HermesMessageRowIds): MessageRecord[] => {
    const row = rows.get(entry.contentRowId)
    const results = entry.resultRowIds.map((id) => (id === null ? null : (rows.get(id) ?? null)))
    return row ? [messageFromHermesRows(sessionId, entry, row, results)] : []
  }
  return [...entriesBySession].flatMap(([sessionId, sessionEntries]) =>
    sessionEntries.flatMap((entry) => toMessages(sessionId, entry)),
  )
}
