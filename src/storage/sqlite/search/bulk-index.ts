import { normalizeText } from '../../../search/analyzer.ts'
import { splitIntoPassages } from '../../../search/passages.ts'
import type { SqliteDatabase } from '../database/sqlite-database.ts'
import { readStoredMessageText } from '../rows/message-text-reader.ts'

/**
 * Takes messages into the search index, in this order and however long they are, with all else that waits: as if each
 * had been taken in when it was said. To be called inside of the transaction that wrote them.
 */
export function indexMessages(database: SqliteDatabase, messageIds: readonly string[]): void {
  const { searchIndex } = database
  const reserved = messageIds.map((id) => ({
    id,
    numbers: searchIndex.reserveEntries(id, readPassages(database, id).length),
  }))
  // FTS5 takes in rising rowids much faster, which are falling numbers.
  for (const { id, numbers } of reserved.toReversed()) {
    const passages = readPassages(database, id)
    for (const [place, number] of [...numbers.entries()].toReversed()) {
      searchIndex.writeEntry('message', number, normalizeText(passages[place] ?? ''))
    }
    for (const isLong of [false, true]) searchIndex.dequeue({ kind: 'message', id, isLong })
  }
  const shortMessagesLeft = database.prepare('SELECT 1 FROM search_queue WHERE is_long = 0 LIMIT 1')
  while (shortMessagesLeft.get() !== undefined) searchIndex.indexPending()
}

/** None of a message without a word. */
function readPassages(database: SqliteDatabase, id: string): string[] {
  const reading = readStoredMessageText(database, id)
  let next = reading.next()
  while (!next.done) next = reading.next()
  return normalizeText(next.value) === '' ? [] : splitIntoPassages(next.value)
}
