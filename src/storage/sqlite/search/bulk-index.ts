import { normalizeSearchText } from '../../../search/analyzer.ts'
import { splitIntoPassages } from '../../../search/passages.ts'
import type { SegueProfileDatabase } from '../segue-profile-database.ts'
import { loadSegueMessageText } from '../tables/load-segue-message-text.ts'

/**
 * Indexes messages in this order, long ones too, and everything else that is queued. The entries are the same as if each
 * message had been indexed when it was written. Call it in the transaction that writes them.
 */
export function indexMessages(database: SegueProfileDatabase, messageIds: readonly string[]): void {
  const { searchIndex } = database
  const reserved = messageIds.map((id) => ({
    id,
    numbers: searchIndex.reserveEntries(id, readPassages(database, id).length),
  }))
  // FTS5 inserts ascending rowids much faster. They mirror the numbers, so these are written in descending order.
  for (const { id, numbers } of reserved.toReversed()) {
    const passages = readPassages(database, id)
    for (const [index, number] of [...numbers.entries()].toReversed()) {
      searchIndex.writeEntry('message', number, normalizeSearchText(passages[index] ?? ''))
    }
    for (const isLong of [false, true]) searchIndex.dequeue({ kind: 'message', id, isLong })
  }
  const shortMessagesLeft = database.prepare('SELECT 1 FROM search_queue WHERE is_long = 0 LIMIT 1')
  while (shortMessagesLeft.get() !== undefined) searchIndex.indexPending()
}

/** Those of these messages that search finds, in order: no copies, and nothing that no person or agent has said. */
export function filterSearchableMessages(database: SegueProfileDatabase, messageIds: readonly string[]): string[] {
  const find = database.prepare<[string], { id: string }>(
    "SELECT id FROM messages WHERE id = ? AND role <> 'SYSTEM' AND (copy_of IS NULL OR stands_in = 1)",
  )
  return messageIds.filter((id) => find.get(id) !== undefined)
}

/** A message without a term has none. */
function readPassages(database: SegueProfileDatabase, id: string): string[] {
  const reading = loadSegueMessageText(database, id)
  let next = reading.next()
  while (!next.done) next = reading.next()
  return normalizeSearchText(next.value) === '' ? [] : splitIntoPassages(next.value)
}
