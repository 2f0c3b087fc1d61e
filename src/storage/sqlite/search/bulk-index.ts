import { folded } from '../../../search/analyzer.ts'
import { stretchesOf } from '../../../search/passages.ts'
import type { ProfileDatabase } from '../database/sqlite-database.ts'
import { saidInMessage } from '../rows/message-text-reader.ts'

/**
 * Takes messages into the search index, in this order and however long they are, with all else that waits: as if each
 * had been taken in when it was said. To be called inside of the transaction that wrote them.
 */
export function indexWhole(database: ProfileDatabase, messageIds: readonly string[]): void {
  const { index } = database
  const reserved = messageIds.map((id) => ({ id, numbers: index.reserve(id, stretchesIn(database, id).length) }))
  // FTS5 takes in rising rowids much faster, which are falling numbers.
  for (const { id, numbers } of reserved.toReversed()) {
    const stretches = stretchesIn(database, id)
    for (const [place, number] of [...numbers.entries()].toReversed()) {
      index.write('message', number, folded(stretches[place] ?? ''))
    }
    for (const isLong of [false, true]) index.done({ kind: 'message', id, isLong })
  }
  const isShortLeft = database.prepare('SELECT 1 FROM unindexed WHERE is_long = 0 LIMIT 1')
  while (isShortLeft.get() !== undefined) index.keepUp()
}

/** None of a message without a word. */
function stretchesIn(database: ProfileDatabase, id: string): string[] {
  const reading = saidInMessage(database, id)
  let next = reading.next()
  while (!next.done) next = reading.next()
  return folded(next.value) === '' ? [] : stretchesOf(next.value)
}
